"""Imported at the start of each process of `make alone`: whoever asks for a network is refused.

A process talks to this machine only. The error says where it wanted to go.
"""

import socket

CONNECT, CONNECT_EX, LOOK_UP = (
    socket.socket.connect,
    socket.socket.connect_ex,
    socket.getaddrinfo,
)
HERE = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "")


def refuse(host):
    if host is not None and host not in HERE:
        raise OSError(f"there is no network here, and {host} was asked for")


def host_of(address):
    """A name or number to check; a path on disk, as of a Unix socket, is no host."""
    return address[0] if isinstance(address, tuple) else None


def connect(self, address):
    refuse(host_of(address))
    return CONNECT(self, address)


def connect_ex(self, address):
    refuse(host_of(address))
    return CONNECT_EX(self, address)


def look_up(host, *rest, **named):
    refuse(host.decode() if isinstance(host, bytes) else host)
    return LOOK_UP(host, *rest, **named)


socket.socket.connect, socket.socket.connect_ex = connect, connect_ex
socket.getaddrinfo = look_up
