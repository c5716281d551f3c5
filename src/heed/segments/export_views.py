"""Files of a segment on a schedule: made, stopped, fetched."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from heed.govern.access import Request, allow
from heed.govern.api import audit
from heed.segments import exports
from heed.segments.forms import ScheduleForm
from heed.segments.models import ExportFile, Schedule


@allow("customers.export")
@require_POST
def schedule(request: Request, key: str) -> HttpResponse:
    form = ScheduleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a kind of file, how often, and an hour from 0 to 23.")
    else:
        try:
            exports.save(key, **form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, "Saved. The first file is made when it is due.")
    return redirect("segments:segment", key=key)


@allow("customers.export")
@require_POST
def stop(request: Request, key: str, schedule_id: int) -> HttpResponse:
    try:
        exports.stop(key, schedule_id, by=request.user)
    except Schedule.DoesNotExist:
        raise Http404 from None
    messages.success(request, "Stopped; its files are gone.")
    return redirect("segments:segment", key=key)


@allow("customers.export")
def file(request: Request, key: str, file_id: int) -> FileResponse:
    try:
        path, found = exports.path_of(key, file_id)
    except ExportFile.DoesNotExist:
        raise Http404 from None
    audit(request.user, "export.fetched", key, file=found.pk)
    name = f"{key}-{found.made_at:%Y-%m-%d}.{found.schedule.kind}"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)
