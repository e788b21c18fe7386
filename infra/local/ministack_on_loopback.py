"""MiniStack with every listener on the loopback interface.

Its MQTT listener binds to all addresses and ignores BIND_HOST. This replaces "all addresses" by 127.0.0.1. Arguments
and environment are those of `python -m ministack`.
"""

import asyncio.base_events

from ministack.app import main

_create_server = asyncio.base_events.BaseEventLoop.create_server


async def _create_server_on_loopback(loop, protocol_factory, host=None, port=None, **options):
    if host in ("0.0.0.0", "::", "") or host is None and options.get("sock") is None:
        host = "127.0.0.1"
    return await _create_server(loop, protocol_factory, host, port, **options)


asyncio.base_events.BaseEventLoop.create_server = _create_server_on_loopback

if __name__ == "__main__":
    main()
