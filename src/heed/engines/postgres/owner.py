"""Whom the embedded PostgreSQL's files belong to, and as whom it runs.

Its authentication is the file system's: whoever reaches its socket is its superuser. Where Heed runs as root, PostgreSQL,
which refuses to, runs as another user, and what is in its folder becomes that user's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path


class Refused(RuntimeError):
    """A folder may not be used; the message says why and what to do."""


_SERVER_USERS = ("postgres", "nobody")


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def belongs_to(folder: Path) -> str:
    """The user whose server a folder is, where this process is root's and would take it from that user; else ""."""
    if os.geteuid() != 0 or not folder.exists():
        return ""
    owner = folder.stat().st_uid
    # A service may run as one of the users that root's server runs as: then all around it is that user's too.
    ours = name_of(owner) in {"root", *_SERVER_USERS} and (not owner or folder.parent.stat().st_uid != owner)
    return "" if ours else name_of(owner)


def claim(folder: Path) -> None:
    """Make the server's folder if there is none, and all in it the server's: root copies and unpacks as root.

    Root follows no link here, neither to the folder nor in it: what is behind one may be anybody's.
    """
    if owner := belongs_to(folder):
        raise Refused(f"{folder} belongs to {owner}. Run Heed as that user, not as root.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return
    uid, gid = _server_user()
    top = _opened(folder)
    try:
        os.fchown(top, uid, gid)
        for _, folders, files, here in os.fwalk(".", dir_fd=top, follow_symlinks=False):
            for name in (*folders, *files):
                # A server that was just told to stop removes some.
                with contextlib.suppress(FileNotFoundError):
                    if os.stat(name, dir_fd=here, follow_symlinks=False).st_uid == 0:
                        os.chown(name, uid, gid, dir_fd=here, follow_symlinks=False)
    finally:
        os.close(top)


def claim_sockets(folder: Path) -> None:
    """Make the folder of the socket if there is none, and see that nobody else can enter it.

    It may lie where everybody may make one of its name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    top = _opened(folder)
    try:
        me = os.geteuid()
        owner = os.fstat(top).st_uid
        if owner != me and not (me == 0 and name_of(owner) in _SERVER_USERS):
            raise Refused(f"{folder} belongs to {name_of(owner)}. Remove it: Heed makes its own.")
        if me == 0:
            os.fchown(top, *_server_user())
        os.fchmod(top, stat.S_IRWXU)
    finally:
        os.close(top)


def _opened(folder: Path) -> int:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        if folder.is_symlink():
            raise Refused(
                f"{folder} is a link to another place. Put the whole data folder there and give it with --data."
            ) from None
        raise Refused(f"{folder} cannot be used: {error.strerror}.") from None


def _server_user() -> tuple[int, int]:
    for name in _SERVER_USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise Refused("PostgreSQL refuses to run as root and there is no user 'nobody' to run it as.")


_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522


def other_user() -> Callable[[], None] | None:
    """What a child of root does before it becomes PostgreSQL, which refuses to run as root.

    It takes another user's identity and keeps one power of root, to pass folders closed to that user: a
    data folder or virtual environment under root's home then works without opening that home to others.
    """
    if os.geteuid() != 0:
        return None
    uid, gid = _server_user()
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
    kept = (1 << _CAP_DAC_OVERRIDE) | (1 << _CAP_DAC_READ_SEARCH)
    sets = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)

    def become() -> None:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        if libc.capset(header, sets) == 0:
            for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
                libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
        os.umask(0o077)

    return become
