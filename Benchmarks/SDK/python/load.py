"""load.py WORK [--url URL] [--server PID] [--connections N] [--warmup S] [--seconds S]: asks for some seconds, and prints the figures as JSON."""
import argparse
import asyncio
import json
import os
import time

from mcp import Client
from work import ask, make_parse, make_server


def server_cpu(pid):
    if pid is None:
        return 0.0
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(once, options, seconds):
    own, served, start = time.process_time(), server_cpu(options.server), time.perf_counter()
    latencies = []

    async def asker():
        now = time.perf_counter()
        while now < start + seconds:
            await once()
            then = time.perf_counter()
            latencies.append(then - now)
            now = then

    await asyncio.gather(*(asker() for _ in range(options.connections)))
    taken, count = time.perf_counter() - start, len(latencies)
    latencies.sort()
    return {
        "requests": count, "seconds": taken,
        "p50_us": round(latencies[count // 2] * 1e6, 2), "p99_us": round(latencies[min(int(count * 0.99), count - 1)] * 1e6, 2),
        "client_cpu_us": (time.process_time() - own) / count * 1e6, "server_cpu_us": (server_cpu(options.server) - served) / count * 1e6,
    }


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("--url")
    parser.add_argument("--server", type=int)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--warmup", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    if options.work == "parse":
        parse = await make_parse()

        async def once():
            parse()

        await measure(once, options, options.warmup)
        print(json.dumps(await measure(once, options, options.seconds)))
        return
    async with Client(options.url or make_server(), cache=None, read_timeout_seconds=60) as client:
        once = lambda: ask(options.work, client)
        await measure(once, options, options.warmup)
        print(json.dumps(await measure(once, options, options.seconds)))


asyncio.run(main())
