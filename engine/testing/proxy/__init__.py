"""A bad network between any client and any server, over real sockets: the conditions of the tests for what is really running.

    python -m engine.testing.proxy --listen 7778 --to 127.0.0.1:7777 --net latency=80,loss=5

It stands at a port of its own, TCP and UDP, IPv4 and IPv6, and passes on what comes: later, twice or not at all, and otherwise byte for
byte. It knows no keys and rewrites nothing. A client finds its way back to it by itself, because a server names no port: datagrams and LAN
answers count for the port that they came by. Left out: the time that TCP's own handshake takes (the proxy answers that itself).
"""
