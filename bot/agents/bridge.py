"""Inside a sandbox without a network: what is said to one port of 127.0.0.1 is carried to a socket, and back.

Run as `python -I -S bridge.py SOCKET PORT -- PROGRAM ARGUMENT...`; it becomes the program, and a child carries. The
child ends with the sandbox. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading

AT_ONCE = 65_536  # bytes


def main(given: list[str]) -> int:
    door, port, command = given[0], int(given[1]), given[3:]
    listener = socket.create_server(("127.0.0.1", port))
    if os.fork() == 0:
        _serve(listener, door)
    listener.close()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", flush=True)
        return 127


def _serve(listener: socket.socket, door: str) -> None:
    """For ever; the program's standard input and output are none of its business, nor are signals meant for it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the program may have last words for its model
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.setsid()
    while True:
        caller, _ = listener.accept()
        threading.Thread(target=_connect, args=(caller, door), daemon=True).start()


def _connect(caller: socket.socket, door: str) -> None:
    caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    beyond = socket.socket(socket.AF_UNIX)
    with caller, beyond:
        try:
            beyond.connect(door)
        except OSError:
            return
        back = threading.Thread(target=_carry, args=(beyond, caller), daemon=True)
        back.start()
        _carry(caller, beyond)
        back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    """Until the source says no more; the other direction may go on."""
    try:
        while piece := source.recv(AT_ONCE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            with contextlib.suppress(OSError):  # it has ended by itself
                end.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
