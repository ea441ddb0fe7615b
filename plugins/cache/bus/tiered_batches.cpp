// Operations on many keys, by way of the second tier: what is not here is fetched, and then read
// here; what is set here is then set there.
#include <memory>
#include <set>
#include <utility>

#include "agent.hpp"
#include "json_value.hpp"

namespace cache {

namespace {

struct KeysOfBody {
    Space space;
    std::vector<std::string> keys;
};

// Nothing: malformed, which who reads it for its values says better.
std::optional<KeysOfBody> keys_of_batch(std::string_view body) {
    BatchReader in(body);
    const auto head = in.head();
    if (!head) {
        return std::nullopt;
    }
    KeysOfBody all{head->space.empty() ? Space() : Space(head->space), {}};
    for (std::uint32_t left = head->count; left > 0; --left) {
        const auto size = in.number();
        const auto key = size ? in.text(*size) : std::nullopt;
        if (!key) {
            return std::nullopt;
        }
        all.keys.emplace_back(*key);
    }
    return all;
}

std::optional<KeysOfBody> keys_of(std::string_view content_type, std::string_view body) {
    if (content_type == batch_content_type) {
        return keys_of_batch(body);
    }
    auto request = noa::sdk::Codec<GetManyRequest>::decode(body, noa::sdk::Extra::refused);
    if (!request || request->keys.size() > most_in_batch) {
        return std::nullopt;
    }
    return KeysOfBody{request->space, std::move(request->keys)};
}

// Something that is over when each of its parts is.
class AllOf {
public:
    explicit AllOf(noa::sdk::Function<void()> over) : over_(std::move(over)) {}
    void begin() noexcept { ++left_; }
    void end() {
        if (--left_ == 0) {
            over_();
        }
    }

private:
    std::size_t left_ = 1; // whoever begins the parts
    noa::sdk::Function<void()> over_;
};

} // namespace

void Cache::tiered_get_many(const noa::Request& request, noa::Responder responder) {
    const auto wanted = keys_of(request.content_type(), request.body());
    std::set<std::string> absent;
    if (wanted) {
        const auto space = space_of(wanted->space);
        with([&](const Store& store) {
            for (const std::string& key : wanted->keys) {
                if (check_key(key) && !(space && store.find(*space, key, instant()))) {
                    absent.insert(key);
                }
            }
        });
    }
    if (absent.empty()) {
        responder.reply(get_many(request.content_type(), request.body()));
        return;
    }
    // Owners: each that is fetched.
    auto all = std::make_shared<AllOf>(
        [this, type = std::string(request.content_type()), body = std::string(request.body()),
         responder = std::move(responder)]() mutable { responder.reply(get_many(type, body)); });
    for (const std::string& key : absent) {
        all->begin();
        fetch(wanted->space, key, [all](const std::optional<tier::Found>&) { all->end(); });
    }
    all->end();
}

void Cache::tiered_set_many(const noa::Request& request, noa::Responder responder) {
    auto reply = set_many(request);
    if (!reply) {
        responder.fail(reply.error());
        return;
    }
    // Owners: each that is set.
    auto all = std::make_shared<AllOf>(
        [reply = std::move(*reply), responder = std::move(responder)]() mutable {
            responder.reply(noa::Body(reply));
        });
    if (request.content_type() == batch_content_type) {
        share_batch(request.body(), [all](bool begun) { begun ? all->begin() : all->end(); });
    } else if (const auto values = noa::sdk::Codec<SetManyRequest>::decode(
                   request.body(), noa::sdk::Extra::refused)) {
        const auto end = end_of(values->ttl_s);
        const tier::Left left = left_of(end_or_default(*end));
        for (const auto& [key, value] : values->values) {
            const Encoded encoded = encode(value);
            all->begin();
            share(tier_name(values->space, key), {encoded.bytes, encoded.type, left},
                  !values->tags.empty(), [all] { all->end(); });
        }
    }
    all->end();
}

// REQUIRES: it was read before, and is well-formed.
void Cache::share_batch(std::string_view body, const std::function<void(bool begun)>& count) {
    BatchReader in(body);
    const auto head = in.head();
    for (std::uint32_t left = head->count; left > 0; --left) {
        const auto type = static_cast<Type>(in.byte().value_or(0));
        const std::uint32_t ttl_ms = in.number().value_or(0);
        const auto key = in.text(in.number().value_or(0));
        const auto value = in.text(in.number().value_or(0));
        if (!key || !value || !check_key(*key)) {
            continue;
        }
        const tier::Name name{head->space.empty() ? std::string_view("default") : head->space,
                              *key};
        const tier::Left life =
            ttl_ms != 0 ? tier::Left(Instant(ttl_ms)) : left_of(end_or_default({}));
        count(true);
        share(name, {*value, type, life}, false, [count] { count(false); });
    }
}

// A value that was set here, or, with tags, one that is nobody else's.
void Cache::share(const tier::Name& name, const tier::Write& write, bool tagged,
                  noa::sdk::Function<void()> done) {
    auto answered = [this, change = begin_change(name),
                     done = std::move(done)](tier::Outcome) mutable {
        end_change(change);
        done();
    };
    if (tagged) {
        tier_.erase(name, std::move(answered));
    } else {
        tier_.set(name, write, std::move(answered));
    }
}

void Cache::tiered_flush(const FlushRequest& request, noa::Responder responder) {
    auto reply = flush(request);
    if (!reply) {
        responder.fail(reply.error());
        return;
    }
    std::vector<std::string> spaces;
    if (request.all) {
        with([&](const Store& store) {
            for (std::size_t number = 0; number < most_spaces; ++number) {
                if (const auto space = store.figures(static_cast<SpaceId>(number))) {
                    spaces.emplace_back(space->name);
                }
            }
        });
    } else {
        spaces.push_back(request.space.value_or("default"));
    }
    for (auto& [name, read] : reads_) {
        read.superseded = true;
    }
    // Owners: each that is cleared.
    auto all = std::make_shared<AllOf>(
        [reply = *reply, responder = std::move(responder)]() mutable { responder.reply(reply); });
    for (const std::string& space : spaces) {
        all->begin();
        tier_.clear(space, [all](tier::Outcome) { all->end(); });
    }
    all->end();
}

} // namespace cache
