// What every page can do: themes, questions before destructive steps, keys, fresh times, copying.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// A fragment that arrives by htmx replaces nodes, so everything listens on the document.
const on = (type, selector, handle, options) =>
  document.addEventListener(type, (event) => {
    const hit = event.target instanceof Element ? event.target.closest(selector) : null;
    if (hit) handle(event, hit);
  }, options);

on("click", ".themes button", async (event, button) => {
  event.preventDefault();
  document.documentElement.dataset.theme = button.value;
  for (const other of $$(".themes button")) other.setAttribute("aria-pressed", String(other === button));
  const form = button.form;
  const body = new FormData(form);
  body.set("theme", button.value);
  await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
});

// A long menu begins where the reader is.
const here = $(".rail [aria-current=page]");
if (here && here.offsetTop > innerHeight - 80) $(".rail").scrollTop = here.offsetTop - innerHeight / 2;

on("click", "[data-close]", (_event, button) => button.parentElement.remove());
on("click", "[data-close-dialog]", (_event, button) => button.closest("dialog").close());
on("click", "[data-open-dialog]", (_event, button) => document.getElementById(button.dataset.openDialog)?.showModal());
on("click", "dialog", (event, dialog) => { if (event.target === dialog) dialog.close(); });

// A form with data-ask says what will happen and waits for a yes.
const asked = new WeakSet();
on("submit", "form[data-ask]", (event, form) => {
  if (asked.has(form)) { asked.delete(form); return; }
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = $("#ask");
  $("#ask-title").textContent = form.dataset.ask;
  $("#ask-text").textContent = form.dataset.askText ?? "";
  $("[data-answer=yes]", dialog).textContent = form.dataset.askYes ?? "Yes";
  const submitter = event.submitter;
  dialog.onclose = () => {
    if (dialog.returnValue === "yes") { asked.add(form); form.requestSubmit(submitter); }
    dialog.returnValue = "";
  };
  dialog.showModal();
  $("[data-answer=no]", dialog).focus();
}, true);
on("click", "[data-answer]", (_event, button) => button.closest("dialog").close(button.dataset.answer));

on("click", "[data-copy]", async (_event, button) => {
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(source);
    return;
  }
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1600);
});

on("change", "[data-submit-on-change]", (_event, field) => field.form.requestSubmit());
on("input", "input[type=range][data-shows]", (_event, range) => {
  const value = Number(range.value);
  document.getElementById(range.dataset.shows).textContent =
    (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(2);
});

// Tabs: one panel shown, arrows move between them.
on("click", "[role=tab]", (_event, tab) => {
  for (const other of $$("[role=tab]", tab.parentElement)) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
});
on("keydown", "[role=tab]", (event, tab) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = $$("[role=tab]", tab.parentElement);
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  next.click();
  next.focus();
});

// On a small screen the navigation is behind a button; Escape closes it and gives the focus back.
const menu = (open) => {
  $("[data-menu]").setAttribute("aria-expanded", String(open));
  $(".rail").classList.toggle("open", open);
};
on("click", "[data-menu]", (_event, button) => menu(button.getAttribute("aria-expanded") !== "true"));
on("keydown", ".rail.open", (event) => {
  if (event.key !== "Escape") return;
  menu(false);
  $("[data-menu]").focus();
});

const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
let went = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/") {
    const search = $("[data-search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
    else location.href = "/customers/#search";
  } else if (event.key === "?") {
    $("#help")?.showModal();
  } else if (event.key === "g") {
    went = event.timeStamp;
  } else if (event.timeStamp - went < 1200 && event.key === "h") {
    location.href = "/";
  } else if (event.timeStamp - went < 1200 && event.key === "c") {
    location.href = "/customers/";
  } else if (event.key === "j" || event.key === "k") {
    const rows = $$("[data-row]");
    if (!rows.length) return;
    const here = rows.indexOf(document.activeElement?.closest?.("[data-row]") ?? null);
    const next = rows[Math.max(0, Math.min(rows.length - 1, here + (event.key === "j" ? 1 : -1)))];
    ($("a", next) ?? next).focus();
  }
});
if (location.hash === "#search") $("[data-search]")?.focus();

// Times grow old while a page stays open.
function freshen() {
  const now = Date.now();
  for (const time of $$("time[data-ago]")) {
    const seconds = (now - Date.parse(time.dateTime)) / 1000;
    if (seconds < 0 || seconds >= 7 * 86400) continue;
    const days = Math.floor(seconds / 86400);
    time.textContent = seconds < 5 ? "just now"
      : seconds < 60 ? `${Math.floor(seconds)} s ago`
      : seconds < 3600 ? `${Math.floor(seconds / 60)} min ago`
      : seconds < 86400 ? `${Math.floor(seconds / 3600)} h ago`
      : `${days} day${days > 1 ? "s" : ""} ago`;
  }
}
setInterval(freshen, 15000);

document.addEventListener("htmx:configRequest", (event) => {
  // A page in a background tab need not ask the server.
  if (document.hidden && event.detail.elt.hasAttribute("data-poll")) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  // A form sent back with its mistakes marked is shown, not dropped.
  if (event.detail.xhr.status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; }
});
const lost = $("#flash");
document.addEventListener("htmx:sendError", () => {
  if (!lost || $(".lost", lost)) return;
  const box = document.createElement("div");
  box.className = "error lost";
  box.textContent = "No connection to the server: what you see may be out of date.";
  lost.append(box);
});
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) $(".lost")?.remove(); });
