"""The figures as tables, each beside its goal."""


def verdict(good):
    return "yes" if good else "NO"


def changes(figures):
    yield (f"\ndurable changes, {figures['in_flight']} in flight, {figures['bytes']} bytes, "
           f"{figures['group']:.0f} in a commit")
    yield f"  {'the config agent':28}{figures['rate']:10,.0f}/s   goal 5,000: {verdict(figures['rate'] >= 5000)}"
    yield f"  {'the same rows by SQLite':28}{figures['sqlite']:10,.0f}/s"
    ratio = figures["rate"] / figures["sqlite"]
    yield f"  {'ratio':28}{ratio:10.2f}     goal 0.5: {verdict(ratio >= 0.5)}"
    yield f"  {'p50, p99 of one, ms':28}{figures['p50_ms']:10.1f}, {figures['p99_ms']:.1f}"


def read(figures):
    more = figures["config_us"] - figures["bus_us"]
    yield (f"\nreading a document that was read before, {figures['bytes']} bytes of answer, all "
           "on one core")
    yield f"  {'get':28}{figures['config_us']:10.2f} µs"
    yield f"  {'a round trip on the bus':28}{figures['bus_us']:10.2f} µs"
    yield f"  {'more':28}{more:10.2f} µs    goal 5: {verdict(more < 5)}"


def watch(figures):
    yield (f"\nchange asked for → agent told, {figures['subscribers']} that subscribe, "
           f"{figures['events']:,} events, {figures['lost']} lost")
    yield (f"  p50 {figures['p50_ms']:.2f} ms, p99 {figures['p99_ms']:.2f} ms, longest "
           f"{figures['max_ms']:.2f} ms   goal 10 at p99: {verdict(figures['p99_ms'] < 10)}")


def host(rows):
    yield "\nnoactl config set agents.… → the agent serves with it"
    for name, row in rows.items():
        yield (f"  {name:28}p50 {row['p50_ms']:6.1f} ms, p99 {row['p99_ms']:6.1f} ms of "
               f"{row['times']}   goal 100 at p99: {verdict(row['p99_ms'] < 100)}")


def etcd(rows):
    yield (f"\n{'the same native client on':38}{'noa':>12}{'etcd':>12}{'p50 ms':>10}{'':>10}"
           f"{'p99 ms':>10}{'':>10}   faster")
    for row in rows:
        noa, other = row["noa"], row["etcd"]
        if other is None:
            yield f"{row['name']:38}{noa['rate']:10,.0f}/s   etcd is not installed"
            continue
        figures = (f"{noa['rate']:10,.0f}/s{other['rate']:10,.0f}/s"
                   f"{noa['p50_us'] / 1000:10.2f}{other['p50_us'] / 1000:10.2f}"
                   f"{noa['p99_us'] / 1000:10.2f}{other['p99_us'] / 1000:10.2f}")
        good = noa["p50_us"] < other["p50_us"] and noa["p99_us"] < other["p99_us"]
        yield f"{row['name']:38}{figures}   {verdict(good)}"


def render(results):
    parts = {"changes": changes, "read": read, "watch": watch, "host": host, "etcd": etcd}
    lines = [f"{results['cores']} cores, load {results['load']} at the beginning"]
    for name, part in parts.items():
        if name in results:
            lines += part(results[name])
    return "\n".join(lines)
