"""The figures as tables, each beside its goal."""

# Of W-TinyLFU with a fixed window, as measured with Caffeine's simulator.
PUBLISHED = {"gli@500": 33.6, "gli@1000": 50.7, "loop@512": 42.8, "multi3@1000": 51.3,
             "web12@600": 60.4}


def verdict(good):
    return "yes" if good else "NO"


def hit_rates(store):
    yield f"\n{'hit rate, %':28}{'LRU':>8}{'store':>8}{'optimum':>9}{'W-TinyLFU':>11}  within 3"
    for name, rates in sorted(store["hit_rate"].items()):
        published = PUBLISHED.get(name)
        good = verdict(rates["store"] >= published - 3) if published else ""
        yield (f"{name:28}{rates['lru']:8.1f}{rates['store']:8.1f}{rates['optimum']:9.1f}"
               f"{published or '':>11}  {good}")
    for kind, figures in store["store"].items():
        yield f"\nthe store alone, {kind.replace('_', ' ')}"
        for name, value in sorted(figures.items()):
            yield f"  {name:26}{value:14.1f}"


def bus(rates):
    yield "\nkeys a second over the bus"
    for name, value in rates.items():
        base = rates.get(f"redis {name.split('_')[0]} P16")
        ratio = f"   {value / base:4.1f} × redis P16 (goal 3: {verdict(value >= 3 * base)})" \
            if base and "many" in name else ""
        yield f"  {name:20}{value:14,.0f}{ratio}"


def clients(rows):
    yield (f"\n{'50 clients':32}{'server':>14}{'ops/s':>12}{'p99 ms':>9}{'µs CPU':>9}"
           f"{'rate':>8}{'CPU':>7}   ≥ 1.2, ≤ 0.7, p99 no higher")
    for row in rows:
        redis = row.get("redis-server")
        for who, figures in row.items():
            if who == "name":
                continue
            text = (f"{row['name'] if who == next(iter(list(row)[1:])) else '':32}{who:>14}"
                    f"{figures['rate']:12,.0f}{figures['p99_ms']:9.3f}{figures['cpu_us']:9.2f}")
            if redis and who != "redis-server":
                rate = figures["rate"] / redis["rate"]
                cpu = figures["cpu_us"] / max(redis["cpu_us"], 1e-9)
                text += f"{rate:8.2f}{cpu:7.2f}"
                if who == "noa":
                    text += (f"   {verdict(rate >= 1.2)}, {verdict(cpu <= 0.7)}, "
                             f"{verdict(figures['p99_ms'] <= redis['p99_ms'])}")
            yield text


def memory(rows):
    yield "\nbytes an entry (16 B key, 100 B value)     no end      with one   goal of noa: 150, 160"
    for row in rows:
        good = verdict(row["no_ttl"] < 150 and row["ttl"] < 160) if row["name"] == "noa" else ""
        yield f"  {row['name']:30}{row['no_ttl']:16.1f}{row['ttl']:14.1f}   {good}"


def end(rows):
    yield ("\nall end together           left after 1 s   memory   left after 3 s   memory   "
           "longest wait   goal of noa: 0, 5 ms")
    for row in rows:
        good = verdict(row["left_1000ms"] == 0 and row["longest_wait_ms"] < 5) \
            if row["name"] == "noa" else ""
        yield (f"  {row['name']:24}{row['left_1000ms']:14.0%}{row['memory_1000ms']:10.0%}"
               f"{row['left_3000ms']:16.0%}{row['memory_3000ms']:10.0%}"
               f"{row['longest_wait_ms']:12.1f} ms   {good}")


def reload(figures):
    yield (f"\n{figures['reloads']} reloads with {figures['entries']:,} entries, 50 clients, "
           f"{figures['requests']:,} requests")
    for name in ("entries lost", "absent", "wrong", "errors", "dropped"):
        yield f"  {name:26}{figures[name]:10}"
    yield (f"  longest wait, ms: {figures['wait_ms']:.1f} (median of the reloads), "
           f"{figures['longest_wait_ms']:.1f} (worst); without a reload {figures['without_ms']:.1f}"
           f"; goal 10: {verdict(figures['longest_wait_ms'] < 10)}")


def stampede(figures):
    yield f"\n{figures['callers']:,} callers miss one key: {figures['loads']} load"


def render(results):
    parts = {"store": hit_rates, "bus": bus, "clients": clients, "memory": memory, "end": end,
             "reload": reload, "stampede": stampede}
    lines = [f"{results['cores']} cores, load {results['load']} at the beginning"]
    for name, part in parts.items():
        if name in results:
            lines += part(results[name])
    return "\n".join(lines)
