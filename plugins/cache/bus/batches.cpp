// Many keys in one message: the store is taken once.
#include <algorithm>

#include "agent.hpp"
#include "json_value.hpp"

namespace cache {

namespace {

// Of set_many's reply, for each item.
constexpr char item_stored = 1;
constexpr char item_refused = 0;
// Of get_many's.
constexpr char item_absent = 0; // present: 1 + its type

// What is said to be JSON is passed on as it is.
bool is_value(std::uint8_t type, std::string_view value) {
    return type == static_cast<std::uint8_t>(Type::string) ||
           (type == static_cast<std::uint8_t>(Type::json) &&
            noa::sdk::json_nests_within(value, noa::sdk::json_depth_limit) &&
            noa::Json::accept(value));
}

noa::Error malformed() {
    return noa::invalid("body: is not a batch of version 1");
}

} // namespace

template <class Take>
void Cache::get_each(SpaceId space, std::span<const std::string_view> keys, Take&& take) {
    with([&](Store& store) {
        const Instant at = instant();
        while (!keys.empty()) {
            const auto part = keys.first(std::min(keys.size(), Store::most_warmed));
            store.warm(space, part);
            for (const std::string_view key : part) {
                take(key, store.get(space, key, at));
            }
            keys = keys.subspan(part.size());
        }
    });
}

Cache::Body Cache::get_many(std::string_view content_type, std::string_view body) {
    if (content_type == batch_content_type) {
        return get_many_plain(body);
    }
    const auto keys = noa::sdk::Codec<GetManyRequest>::decode(body, noa::sdk::Extra::refused);
    return keys ? get_many_json(*keys) : keys.error();
}

Cache::Body Cache::set_many(const noa::Request& request) {
    if (request.content_type() == batch_content_type) {
        return set_many_plain(request.body());
    }
    const auto values =
        noa::sdk::Codec<SetManyRequest>::decode(request.body(), noa::sdk::Extra::refused);
    if (!values) {
        return values.error();
    }
    const auto reply = set_many_json(*values);
    return reply ? Body(noa::json_body(*reply)) : reply.error();
}

Cache::Body Cache::get_many_json(const GetManyRequest& request) {
    if (request.keys.size() > most_in_batch) {
        return noa::invalid("/keys: 10,000 at most");
    }
    const auto space = space_of(request.space);
    std::string body = R"({"values":{)";
    if (space) {
        const std::vector<std::string_view> keys(request.keys.begin(), request.keys.end());
        get_each(*space, keys, [&](std::string_view key, const std::optional<Value>& value) {
            if (value && value->type <= Type::json) {
                body += body.back() == '{' ? "" : ",";
                noa::sdk::append_json(body, key);
                body += ':';
                append_value(body, *value);
            }
        });
    }
    body += "}}";
    return noa::OwnedBody{std::move(body), noa::json_content_type};
}

Cache::Body Cache::get_many_plain(std::string_view body) {
    BatchReader in(body);
    const auto head = in.head();
    if (!head) {
        return malformed();
    }
    std::vector<std::string_view> keys;
    keys.reserve(head->count);
    for (std::uint32_t left = head->count; left > 0; --left) {
        const auto size = in.number();
        const auto key = size ? in.text(*size) : std::nullopt;
        if (!key) {
            return malformed();
        }
        keys.push_back(*key);
    }
    if (!in.at_end()) {
        return malformed();
    }
    std::string out;
    out.reserve(body.size() * 8);
    append_number(out, head->count);
    const auto space = space_of(head->space.empty() ? Space() : Space(head->space));
    if (!space) {
        out.append(keys.size(), item_absent);
    } else {
        get_each(*space, keys, [&](std::string_view, const std::optional<Value>& value) {
            out += value ? static_cast<char>(1 + static_cast<int>(value->type)) : item_absent;
            if (value) {
                append_number(out, static_cast<std::uint32_t>(value->bytes.size()));
                out += value->bytes;
            }
        });
    }
    return noa::OwnedBody{std::move(out), batch_content_type};
}

noa::Result<SetManyReply> Cache::set_many_json(const SetManyRequest& request) {
    if (request.values.size() > most_in_batch) {
        return noa::invalid("/values: 10,000 at most");
    }
    if (request.tags.size() > most_tags) {
        return noa::invalid("/tags: 16 at most");
    }
    for (const auto& [key, value] : request.values) {
        if (!check_key(key)) {
            return noa::invalid("/values: keys have 1 to 4096 bytes");
        }
    }
    const auto end = end_of(request.ttl_s);
    if (!end) {
        return end.error();
    }
    const auto space = space_for_writing(request.space);
    if (!space) {
        return space.error();
    }
    const std::vector<std::string_view> tags(request.tags.begin(), request.tags.end());
    SetManyReply reply;
    with([&](Store& store) {
        const std::uint64_t before = store.figures().evictions;
        SetOptions options{.end = end_or_default(*end), .tags = tags};
        limit_life(options);
        for (const auto& [key, value] : request.values) {
            const Encoded encoded = encode(value);
            options.type = encoded.type;
            const Stored outcome = store.set(*space, key, encoded.bytes, options, instant());
            reply.stored += outcome == Stored::yes ? 1 : 0;
            if (outcome != Stored::yes) {
                if (!reply.refused) {
                    reply.refused.emplace();
                }
                reply.refused->emplace(key, outcome == Stored::too_large ? "too large" : "no room");
            }
        }
        reply.evicted = store.figures().evictions - before;
    });
    for (const auto& [key, value] : request.values) {
        if (leases_.empty()) {
            break;
        }
        superseded(*space, key, true);
    }
    watch();
    return reply;
}

Cache::Body Cache::set_many_plain(std::string_view body) {
    BatchReader in(body);
    const auto head = in.head();
    if (!head) {
        return malformed();
    }
    const auto space =
        space_for_writing(head->space.empty() ? Space() : Space(std::string(head->space)));
    if (!space) {
        return space.error();
    }
    std::string out;
    append_number(out, head->count);
    std::vector<std::string_view> keys;
    const bool whole = with([&](Store& store) {
        const Instant at = instant();
        for (std::uint32_t left = head->count; left > 0; --left) {
            const auto type = in.byte();
            const auto ttl_ms = in.number();
            const auto key_size = in.number();
            const auto key = key_size ? in.text(*key_size) : std::nullopt;
            const auto size = in.number();
            const auto value = size ? in.text(*size) : std::nullopt;
            if (!type || !ttl_ms || !key || !value || !is_value(*type, *value)) {
                return false;
            }
            SetOptions options{.type = static_cast<Type>(*type), .end = end_or_default({})};
            if (*ttl_ms != 0) {
                options.end = at + Instant(*ttl_ms);
            }
            limit_life(options);
            const bool stored =
                check_key(*key) && store.set(*space, *key, *value, options, at) == Stored::yes;
            out += stored ? item_stored : item_refused;
            if (!leases_.empty()) {
                keys.push_back(*key);
            }
        }
        return in.at_end();
    });
    for (const std::string_view key : keys) {
        superseded(*space, key, true);
    }
    watch();
    return whole ? Body(noa::OwnedBody{std::move(out), batch_content_type}) : malformed();
}

} // namespace cache
