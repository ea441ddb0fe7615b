"""The figures as tables, each beside its goal."""


def verdict(good):
    return "yes" if good else "NO"


def row(name, rate, more=""):
    return f"  {name:44}{rate:12,.0f}/s{more}"


def store(figures):
    yield f"\ndurable accepted messages, {figures['bytes']} bytes, on the agent's table, no bus"
    raw = figures["SQLite, 256 rows a commit, unique id"]
    taken = figures["communication, taken, 16 senders"]
    for name, rate in figures.items():
        if name != "bytes":
            yield row(name, rate)
    yield (f"  {'taken':44}goal 100,000/s: {verdict(taken >= 100_000)}   goal 0.5 × SQLite: "
           f"{taken / raw:.2f} {verdict(taken >= raw / 2)}")


def accepted(rows):
    yield f"\nthe same by a client outside, {rows[0]['in_flight']} in flight, each answered when it is kept"
    noa = rows[0]["rate"]
    for one in rows:
        if one["rate"] is None:
            yield f"  {one['name']:44}    is not installed"
            continue
        ahead = "" if one["name"].startswith("noa") else f"   noa ahead: {verdict(noa > one['rate'])}"
        yield row(one["name"], one["rate"], ahead)


def latency(figures):
    yield "\naccepted → delivered → acknowledged"
    for name, one, goal in (("one at a time, seen from outside", figures["single"], 2),
                            (f"at {figures['rate']:,.0f}/s, as the agent counts", figures["paced"], 10)):
        yield (f"  {name:44}p50 {one['p50_ms']:.2f} ms, p99 {one['p99_ms']:.2f} ms   goal {goal} at "
               f"p99: {verdict(one['p99_ms'] < goal)}")


def dead(figures):
    without, beside = figures["without"], figures["beside"]
    change = beside / without - 1
    yield (f"\none of {figures['recipients']} recipients is dead and is sent one in eight, "
           f"{figures['rate']:,.0f}/s")
    yield (f"  p99 of the others: {without:.2f} ms without it, {beside:.2f} ms beside it "
           f"({change:+.0%})   goal ± 10 %: {verdict(change <= 0.1)}")


def stored(rows):
    yield "\nwith ever more messages stored: p99, seen from outside"
    names = list(rows[0]["queries"])
    yield f"  {'stored':>12}{'send':>10}" + "".join(f"{name:>21}" for name in names) + "  resident"
    for one in rows:
        yield (f"  {one['stored']:12,}{one['send_p99_ms']:7.2f} ms" +
               "".join(f"{one['queries'][name]:18.2f} ms" for name in names) +
               f"{one['resident_mb']:7.0f} MB")
    first, last = rows[0], rows[-1]
    slower = max(last["queries"][name] / first["queries"][name] for name in names)
    yield (f"  last to first: send {last['send_p99_ms'] / first['send_p99_ms']:.2f}, the slowest query "
           f"{slower:.2f}   goal flat;   goal 100 MB: {verdict(last['resident_mb'] < 100)}")


def render(results):
    parts = {"store": store, "accepted": accepted, "latency": latency, "dead": dead,
             "stored": stored}
    lines = [f"{results['cores']} cores, load {results['load']} at the beginning"]
    for name, part in parts.items():
        if name in results:
            lines += part(results[name])
    return "\n".join(lines)
