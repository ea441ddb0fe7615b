// Operations on one key.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "agent.hpp"
#include "json_value.hpp"

namespace cache {

namespace {

double seconds(Instant duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string name_for(std::string_view key) {
    std::string text;
    append_text(text, key);
    return text;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

} // namespace

noa::Result<std::optional<Instant>> Cache::end_of(std::optional<double> ttl_s,
                                                  const char* field) const {
    if (!ttl_s) {
        return std::optional<Instant>();
    }
    if (!(*ttl_s > 0) || *ttl_s > longest_ttl_s) {
        return noa::invalid(std::string(field) + ": must be above 0 and at most ten years");
    }
    return std::optional(instant() + Instant(std::llround(std::ceil(*ttl_s * 1000))));
}

std::optional<Instant> Cache::end_or_default(std::optional<Instant> end) const {
    return end || !settings_.default_ttl
               ? end
               : std::optional(instant() + std::chrono::ceil<Instant>(*settings_.default_ttl));
}

// What other hosts may change is not kept for long. What has tags is of this host alone.
void Cache::limit_life(SetOptions& options) const {
    if (!tier_.in_use() || !options.tags.empty()) {
        return;
    }
    const Instant latest = instant() + std::chrono::ceil<Instant>(settings_.tier_local_ttl);
    if (!options.end || *options.end > latest) {
        const std::int64_t rest = options.end ? (*options.end - latest).count() : 0;
        options.grace_ms = options.grace_ms == 0
                               ? 0
                               : static_cast<std::uint32_t>(
                                     std::min<std::int64_t>(options.grace_ms + rest, UINT32_MAX));
        options.end = latest;
    }
    options.load_ms = 0; // the end of a copy is no reason to load
}

// `more`: further members of the reply, a comma in front of each.
Cache::Body Cache::found(const Value& value, std::string_view key, std::string_view more) const {
    std::string body;
    body.reserve(value.bytes.size() + more.size() + 64);
    body += R"({"found":true,"value":)";
    if (!append_value(body, value)) {
        return noa::failed("/key: " + name_for(key) + " holds a " +
                           std::string(name_of(value.type)) + ", which the bus does not show");
    }
    if (value.end && *value.end > instant()) {
        body.append(R"(,"ttl_s":)").append(noa::json_text(seconds(*value.end - instant())));
    }
    body.append(more) += '}';
    return noa::OwnedBody{std::move(body), noa::json_content_type};
}

Cache::Body Cache::get(const Key& request) {
    if (noa::Status valid = check_key(request.key); !valid) {
        return std::move(valid).error();
    }
    auto body = get_here(request);
    return body ? std::move(*body) : not_there();
}

Cache::Body Cache::not_there() {
    return noa::OwnedBody{R"({"found":false})", noa::json_content_type};
}

// Nothing: it is not there.
std::optional<Cache::Body> Cache::get_here(const Key& request) {
    const auto space = space_of(request.space);
    if (!space) {
        return std::nullopt;
    }
    hot_keys_.use(*space, request.key);
    return with([&](Store& store) -> std::optional<Body> {
        const auto value = store.get(*space, request.key, instant());
        return value ? std::optional(found(*value, request.key)) : std::nullopt;
    });
}

noa::Result<SetReply> Cache::set(const SetRequest& request) {
    const auto options = options_of(request);
    if (!options) {
        return options.error();
    }
    const auto space = space_for_writing(request.space);
    return space ? fill(*space, request, *options) : noa::Result<SetReply>(space.error());
}

noa::Result<SetOptions> Cache::options_of(const SetRequest& request) const {
    if (noa::Status valid = check_key(request.key); !valid) {
        return std::move(valid).error();
    }
    if (request.nx && request.xx) {
        return noa::invalid("/xx: contradicts nx");
    }
    if (request.tags.size() > most_tags) {
        return noa::invalid("/tags: 16 at most");
    }
    noa::Result<std::optional<Instant>> end = end_of(request.ttl_s);
    const auto grace = end ? end_of(request.stale_s, "/stale_s") : end;
    if (!grace) {
        return grace.error();
    }
    SetOptions options{.end = end_or_default(*end),
                       .when = request.nx   ? When::absent
                               : request.xx ? When::present
                                            : When::always};
    if (*grace) {
        options.grace_ms = static_cast<std::uint32_t>(
            std::min<std::int64_t>((**grace - instant()).count(), UINT32_MAX));
    }
    return options;
}

noa::Result<DeleteReply> Cache::erase(const Key& request) {
    if (noa::Status valid = check_key(request.key); !valid) {
        return std::move(valid).error();
    }
    const auto space = space_of(request.space);
    if (!space) {
        return DeleteReply{false};
    }
    const bool was =
        with([&](Store& store) { return store.erase(*space, request.key, instant()); });
    superseded(*space, request.key, false);
    return DeleteReply{was};
}

noa::Result<TtlReply> Cache::ttl(const TtlRequest& request) {
    if (noa::Status valid = check_key(request.key); !valid) {
        return std::move(valid).error();
    }
    const auto end = end_of(request.ttl_s);
    if (!end) {
        return end.error();
    }
    if (*end && request.persist) {
        return noa::invalid("/persist: contradicts ttl_s");
    }
    const auto space = space_of(request.space);
    if (!space) {
        return TtlReply{};
    }
    const TtlReply reply = with([&](Store& store) {
        const auto shown = store.show(*space, request.key, instant());
        if (shown && (*end || request.persist)) {
            SetOptions options{.end = *end};
            if (shown->marks.empty()) {
                limit_life(options);
            }
            store.change_end(*space, request.key, options.end, instant());
        }
        const auto value = store.find(*space, request.key, instant());
        return !value       ? TtlReply{}
               : value->end ? TtlReply{true, seconds(*value->end - instant())}
                            : TtlReply{true, std::nullopt};
    });
    watch();
    return reply;
}

noa::Result<FoundReply> Cache::expire(const ExpireRequest& request) {
    if (request.ttl_s <= 0) {
        const auto gone = erase({request.key, request.space});
        return gone ? noa::Result<FoundReply>(FoundReply{gone->deleted}) : gone.error();
    }
    const auto changed = ttl({request.key, request.ttl_s, false, request.space});
    return changed ? noa::Result<FoundReply>(FoundReply{changed->found}) : changed.error();
}

noa::Result<IncrementReply> Cache::increment(const IncrementRequest& request) {
    if (noa::Status valid = check_key(request.key); !valid) {
        return std::move(valid).error();
    }
    const auto end = end_of(request.ttl_s);
    if (!end) {
        return end.error();
    }
    const auto space = space_for_writing(request.space);
    if (!space) {
        return space.error();
    }
    auto reply = with([&](Store& store) -> noa::Result<IncrementReply> {
        std::int64_t number = 0;
        SetOptions options{.type = Type::json, .end = end_or_default(*end)};
        if (const auto value = store.find(*space, request.key, instant())) {
            const auto before = value->type == Type::json || value->type == Type::string
                                    ? whole_number(value->bytes)
                                    : std::nullopt;
            if (!before) {
                return noa::failed("/key: the value is not a whole number");
            }
            number = *before;
            options.type = value->type;
            options.keep = Keep::all;
        }
        if (__builtin_add_overflow(number, request.by, &number)) {
            return noa::failed("/by: the sum is beyond 64 bits");
        }
        const Stored stored =
            store.set(*space, request.key, std::to_string(number), options, instant());
        return stored == Stored::yes ? noa::Result<IncrementReply>(IncrementReply{number})
                                     : refused(stored, store.limits());
    });
    if (reply) {
        superseded(*space, request.key, true);
        watch();
    }
    return reply;
}

} // namespace cache
