// Operations on all of the cache or a part: to see what is in it, and to empty it.
#include <algorithm>
#include <charconv>
#include <vector>

#include "agent.hpp"
#include "glob.hpp"
#include "json_value.hpp"
#include "noa/sdk/json_text.hpp"

namespace cache {

namespace {

constexpr std::uint32_t most_looked_at = 10'000;
constexpr unsigned buckets_at_a_time = 1000; // of big_keys; then others get their turn
constexpr std::uint32_t most_shown = 100;

std::optional<std::uint64_t> cursor_of(std::string_view text) {
    std::uint64_t cursor = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cursor);
    // Further digits than a walk has would lead it astray.
    return error == std::errc() && end == text.data() + text.size() && cursor < 1ULL << 36U
               ? std::optional(cursor)
               : std::nullopt;
}

} // namespace

Cache::Body Cache::keys(const KeysRequest& request) {
    const auto first = cursor_of(request.cursor);
    if (!first) {
        return noa::invalid("/cursor: is none that a reply gave");
    }
    if (request.count == 0 || request.count > most_looked_at) {
        return noa::invalid("/count: must be 1 to 10,000");
    }
    const auto space = space_of(request.space);
    std::uint64_t cursor = *first;
    std::string body = R"({"keys":[)";
    if (!space) {
        cursor = 0;
    } else {
        with([&](const Store& store) {
            std::uint32_t looked = 0;
            // As many buckets again, for where a namespace has few of all entries.
            for (std::uint32_t steps = 0; looked < request.count && steps < request.count;
                 ++steps) {
                cursor = store.scan(*space, cursor, instant(), [&](const Shown& entry) {
                    ++looked;
                    if (matches(request.pattern, entry.key)) {
                        body += body.back() == '[' ? "" : ",";
                        append_text(body, entry.key);
                    }
                });
                if (cursor == 0) {
                    break;
                }
            }
        });
    }
    body.append(R"(],"cursor":")").append(std::to_string(cursor)).append("\"}");
    return noa::OwnedBody{std::move(body), noa::json_content_type};
}

noa::Result<FlushReply> Cache::flush(const FlushRequest& request) {
    if (request.all && request.space) {
        return noa::invalid("/all: contradicts namespace");
    }
    const auto one = space_of(request.space);
    const FlushReply reply = with([&](Store& store) {
        FlushReply flushed;
        for (std::size_t number = 0; number < most_spaces; ++number) {
            const auto space = static_cast<SpaceId>(number);
            if ((request.all && store.figures(space)) || (!request.all && one == space)) {
                flushed.flushed += store.entries(space);
                store.flush(space, instant());
            }
        }
        return flushed;
    });
    superseded_all();
    watch();
    return reply;
}

noa::Status Cache::invalidate(const InvalidateRequest& request) {
    if (request.tags.size() > most_in_batch) {
        return noa::invalid("/tags: 10,000 at most");
    }
    with([&](Store& store) {
        for (const std::string& tag : request.tags) {
            store.invalidate(tag);
        }
    });
    watch();
    return {};
}

Cache::Body Cache::stats() {
    std::string body;
    {
        noa::sdk::JsonObject out(body);
        with([&](const Store& store) {
            const Figures& figures = store.figures();
            out.add("entries", store.entries());
            out.add("bytes", store.bytes());
            out.add("max_entries", store.limits().entries);
            out.add("max_bytes", store.limits().bytes);
            out.add("hits", figures.hits);
            out.add("misses", figures.misses);
            out.add("evictions", figures.evictions);
            out.add("expired", figures.expirations);
            out.add("invalidated", figures.invalidations);
            noa::sdk::JsonObject spaces(out.member("namespaces"));
            for (std::size_t number = 0; number < most_spaces; ++number) {
                const auto space = store.figures(static_cast<SpaceId>(number));
                if (!space) {
                    continue;
                }
                noa::sdk::JsonObject one(spaces.member(space->name));
                one.add("entries", space->entries);
                one.add("bytes", space->bytes);
                one.add("max_bytes", space->quota);
                one.add("hits", space->hits);
                one.add("misses", space->misses);
                one.add("evictions", space->evictions);
            }
        });
        const LeaseFigures& loads = leases_.figures();
        out.add("loads", loads.loads);
        out.add("loads_failed", loads.failed);
        out.add("leases_expired", loads.expired);
        out.add("stampedes_avoided", loads.avoided);
        out.add("waiting", leases_.waiting());
    }
    return noa::OwnedBody{std::move(body), noa::json_content_type};
}

Cache::Body Cache::hot_keys(const TopRequest& request) {
    if (request.count == 0 || request.count > most_shown) {
        return noa::invalid("/count: must be 1 to 100");
    }
    const auto only = request.space ? space_of(request.space) : std::nullopt;
    std::string body = R"({"keys":[)";
    std::uint32_t left = request.space && !only ? 0 : request.count;
    for (const HotKeys::Hot& hot : hot_keys_.top(SIZE_MAX)) {
        if (left == 0 || (only && *only != hot.space)) {
            continue;
        }
        --left;
        body += body.back() == '[' ? R"({"key":)" : R"(,{"key":)";
        append_text(body, hot.key);
        body.append(R"(,"namespace":)");
        with([&](const Store& store) {
            const auto space = store.figures(hot.space);
            noa::sdk::append_json(body, space ? space->name : std::string_view());
        });
        body.append(R"(,"uses":)").append(std::to_string(hot.uses)).append("}");
    }
    body += "]}";
    return noa::OwnedBody{std::move(body), noa::json_content_type};
}

// A round of all entries, a slice at a time.
struct Cache::BigRound {
    struct Big {
        std::uint64_t bytes;
        std::string key;
        Type type;
    };
    noa::Responder responder;
    SpaceId space;
    std::uint32_t count;
    std::uint64_t cursor = 0;
    std::vector<Big> biggest = {}; // a heap, the smallest first

    void see(const Shown& entry) {
        const auto larger = [](const Big& one, const Big& other) {
            return one.bytes > other.bytes;
        };
        if (biggest.size() == count) {
            if (entry.bytes <= biggest.front().bytes ||
                std::ranges::find(biggest, entry.key, &Big::key) != biggest.end()) {
                return;
            }
            std::ranges::pop_heap(biggest, larger);
            biggest.pop_back();
        }
        biggest.push_back({entry.bytes, std::string(entry.key), entry.value.type});
        std::ranges::push_heap(biggest, larger);
    }
    void answer() {
        std::ranges::sort(biggest, std::greater<>(), &Big::bytes);
        std::string body = R"({"keys":[)";
        for (const Big& big : biggest) {
            body += body.back() == '[' ? R"({"key":)" : R"(,{"key":)";
            append_text(body, big.key);
            body.append(R"(,"bytes":)").append(std::to_string(big.bytes));
            body.append(R"(,"type":")").append(name_of(big.type)).append("\"}");
        }
        body += "]}";
        responder.reply(noa::Body(body, noa::json_content_type));
    }
};

void Cache::big_keys(const TopRequest& request, noa::Responder responder) {
    const auto space = space_of(request.space);
    if (request.count == 0 || request.count > most_shown) {
        responder.fail(noa::invalid("/count: must be 1 to 100"));
    } else if (!space) {
        responder.reply(noa::Body(R"({"keys":[]})", noa::json_content_type));
    } else {
        // Owned by the slice that is to come.
        look_for_big(
            std::make_unique<BigRound>(BigRound{std::move(responder), *space, request.count}));
    }
}

void Cache::look_for_big(std::unique_ptr<BigRound> round) {
    with([&](const Store& store) {
        for (unsigned step = 0; step < buckets_at_a_time; ++step) {
            round->cursor = store.scan(round->space, round->cursor, instant(),
                                       [&](const Shown& entry) { round->see(entry); });
            if (round->cursor == 0) {
                break;
            }
        }
    });
    if (round->cursor == 0) {
        round->answer();
        return;
    }
    if (const noa::Status posted =
            post([this, next = std::move(round)]() mutable { look_for_big(std::move(next)); });
        !posted) {
        log(noa::Level::warning, "big_keys.not_posted", posted.error().text);
    }
}

void Cache::set_up_metrics(noa::Setup& setup) {
    const auto figure = [this, &setup](const char* name, const char* help,
                                       std::uint64_t Figures::*member) {
        setup.counter(name, help, [this, member]() -> std::uint64_t {
            return read([&](const Store& store) { return store.figures().*member; });
        });
    };
    figure("hits_total", "Gets that found a value", &Figures::hits);
    figure("misses_total", "Gets that found none", &Figures::misses);
    figure("evictions_total", "Entries that made room for others", &Figures::evictions);
    figure("expired_total", "Entries whose time was over", &Figures::expirations);
    figure("invalidated_total", "Entries that went with their tag", &Figures::invalidations);
    const auto load = [this, &setup](const char* name, const char* help,
                                     std::uint64_t LeaseFigures::*member) {
        setup.counter(name, help,
                      [this, member]() -> std::uint64_t { return leases_.figures().*member; });
    };
    load("loads_total", "Callers told to load a value", &LeaseFigures::loads);
    load("loads_failed_total", "Loads that failed", &LeaseFigures::failed);
    load("leases_expired_total", "Loads that did not end in time", &LeaseFigures::expired);
    load("load_milliseconds_total", "Time that loads took", &LeaseFigures::load_ms);
    load("stampedes_avoided_total", "Callers that did not have to load", &LeaseFigures::avoided);
    setup.gauge("entries", "Entries held",
                [this] { return read([](const Store& store) { return store.entries(); }); });
    setup.gauge("bytes", "Memory in use, upkeep included",
                [this] { return read([](const Store& store) { return store.bytes(); }); });
    setup.gauge("waiting", "Callers that wait for a load", [this] { return leases_.waiting(); });
}

} // namespace cache
