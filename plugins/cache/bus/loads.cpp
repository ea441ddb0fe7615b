// Loading what is missing, by one caller at a time.
#include <algorithm>
#include <cmath>

#include "agent.hpp"
#include "json_value.hpp"

namespace cache {

namespace {

std::string lease_members(std::string_view token, Instant length) {
    std::string text = R"(,"load":true,"lease":")";
    text.append(token).append(R"(","lease_s":)");
    noa::sdk::append_json(text, std::chrono::duration<double>(length).count());
    return text;
}

std::optional<Instant> deadline_of(const noa::Request& message) {
    return message.has_deadline() ? std::optional(std::chrono::duration_cast<Instant>(
                                        message.deadline().time_since_epoch()))
                                  : std::nullopt;
}

} // namespace

// XFetch: the nearer the end and the longer the load took, the likelier; so that somebody is
// nearly always done before the end, and nobody much too early.
bool Cache::early(const Value& value) {
    if (settings_.early_refresh <= 0 || !value.end || value.load_ms == 0) {
        return false;
    }
    random_ ^= random_ << 13U;
    random_ ^= random_ >> 7U;
    random_ ^= random_ << 17U;
    const double chance = (static_cast<double>(random_ >> 11U) + 1) * 0x1p-53; // in (0, 1]
    const double ahead = -settings_.early_refresh * value.load_ms * std::log(chance);
    return static_cast<double>((*value.end - instant()).count()) <= ahead;
}

void Cache::get_or_load(const LoadRequest& request, const noa::Request& message,
                        noa::Responder responder) {
    if (noa::Status valid = check_key(request.key); !valid) {
        responder.fail(valid.error());
        return;
    }
    Instant length = std::chrono::ceil<Instant>(settings_.lease);
    if (request.lease_s) {
        if (!(*request.lease_s > 0) || *request.lease_s > 86'400) {
            responder.fail(noa::invalid("/lease_s: must be above 0 and at most a day"));
            return;
        }
        length = Instant(std::llround(std::ceil(*request.lease_s * 1000)));
    }
    const auto space = space_for_writing(request.space);
    if (!space) {
        responder.fail(space.error());
        return;
    }
    hot_keys_.use(*space, request.key);
    const Instant at = instant();
    const bool loading = leases_.loading(*space, request.key);
    const bool tiered = tier_.in_use();
    const auto body = with([&](Store& store) -> std::optional<Body> {
        const auto value = request.stale && !tiered ? store.get_stale(*space, request.key, at)
                                                    : store.get(*space, request.key, at);
        if (!value) {
            return std::nullopt;
        }
        const bool stale = value->end && *value->end <= at;
        std::string more = stale ? R"(,"stale":true)" : "";
        if (loading) {
            leases_.figures().avoided += stale ? 1 : 0;
        } else if (stale || early(*value)) {
            if (const auto token = leases_.give(*space, request.key, at, length)) {
                more += lease_members(*token, length);
            }
        }
        return found(*value, request.key, more);
    });
    if (body) {
        responder.reply(*body);
    } else if (tiered) {
        load_by_tier(*space, request, {std::move(responder), deadline_of(message), length});
    } else if (loading) {
        leases_.wait(*space, request.key, {std::move(responder), deadline_of(message), length});
    } else if (const auto token = leases_.give(*space, request.key, at, length)) {
        responder.reply(noa::Body(load_reply(*token, length), noa::json_content_type));
    } else {
        responder.fail(token.error());
    }
    end_leases();
}

// A value comes, for a lease or without one. REQUIRES: the request is checked.
noa::Result<SetReply> Cache::fill(SpaceId space, const SetRequest& request,
                                  const SetOptions& options) {
    if (!request.lease) {
        return put(space, request, options, std::nullopt);
    }
    auto lease = leases_.take(space, request.key, *request.lease);
    return lease ? put(space, request, options, std::move(lease))
                 : noa::Result<SetReply>(SetReply{0, false});
}

// `lease`: that it fills.
noa::Result<SetReply> Cache::put(SpaceId space, const SetRequest& request, SetOptions options,
                                 std::optional<Leases::Lease> lease) {
    if (lease) {
        const std::int64_t took = std::max<std::int64_t>((instant() - lease->begun).count(), 1);
        options.load_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(took, UINT32_MAX));
        ++leases_.figures().filled;
        leases_.figures().load_ms += options.load_ms;
    }
    const Encoded encoded = encode(request.value);
    options.type = encoded.type;
    const std::vector<std::string_view> tags(request.tags.begin(), request.tags.end());
    options.tags = tags;
    limit_life(options);
    SetReply reply;
    const Stored stored = with([&](Store& store) {
        const std::uint64_t before = store.figures().evictions;
        const Stored outcome = store.set(space, request.key, encoded.bytes, options, instant());
        reply.evicted = store.figures().evictions - before;
        return outcome;
    });
    watch();
    if (stored == Stored::no) {
        reply.stored = false;
    }
    if (!lease && stored == Stored::yes) {
        lease = leases_.take(space, request.key); // what it loads is older than this
    }
    if (lease && stored != Stored::yes && stored != Stored::no) {
        // Too large to keep, but they waited for it.
        const std::string body = R"({"found":true,"value":)" + noa::json_text(request.value) + "}";
        for (Leases::Waiter& waiter : lease->waiting) {
            waiter.responder.reply(noa::Body(body, noa::json_content_type));
        }
    } else if (lease) {
        answer(lease->waiting, space, request.key);
    }
    if (stored == Stored::too_large || stored == Stored::no_room) {
        return with([&](Store& store) { return refused(stored, store.limits()); });
    }
    return reply;
}

noa::Result<FailReply> Cache::fail(const FailRequest& request) {
    const auto space = space_of(request.space);
    auto lease = space ? leases_.take(*space, request.key, request.lease) : std::nullopt;
    if (!lease) {
        return noa::not_found("/lease: is over, or never was");
    }
    if (lease->fence != 0) {
        tier_.release(tier_name(*space, request.key), lease->fence, request.error);
    }
    ++leases_.figures().failed;
    for (Leases::Waiter& waiter : lease->waiting) {
        waiter.responder.fail(noa::failed(request.error));
    }
    return FailReply{lease->waiting.size()};
}

// With what is there; who finds nothing is as one that comes now.
void Cache::answer(std::deque<Leases::Waiter>& waiting, SpaceId space, std::string_view key) {
    while (!waiting.empty()) {
        const auto body = with([&](Store& store) -> std::optional<Body> {
            const auto value = store.find(space, key, instant());
            return value ? std::optional(found(*value, key)) : std::nullopt;
        });
        if (!body) {
            pass_on(space, key, std::move(waiting));
            end_leases();
            return;
        }
        waiting.front().responder.reply(*body);
        waiting.pop_front();
    }
}

// The key was changed by other means than a lease: what is being loaded for it is out of date.
void Cache::superseded(SpaceId space, std::string_view key, bool present) {
    auto lease = leases_.take(space, key);
    if (!lease) {
        return;
    }
    if (lease->fence != 0) {
        tier_.release(tier_name(space, key), lease->fence, {});
    }
    if (present) {
        answer(lease->waiting, space, key);
    } else {
        pass_on(space, key, std::move(lease->waiting));
        end_leases();
    }
}

void Cache::pass_on(SpaceId space, std::string_view key, std::deque<Leases::Waiter> waiting) {
    if (tier_.in_use()) {
        contend(space, key, std::move(waiting));
    } else {
        leases_.pass_on(space, key, std::move(waiting), instant());
    }
}

void Cache::superseded_all() {
    for (const auto& name : leases_.keys()) {
        const bool present = with([&](const Store& store) {
            return store.find(name.first, name.second, instant()).has_value();
        });
        if (!present) {
            superseded(name.first, name.second, false);
        }
    }
}

// Passes on what was not filled in time, and is called when the next one is due.
void Cache::end_leases() {
    while (auto ended = leases_.take_expired(instant())) {
        pass_on(ended->space, ended->key, std::move(ended->lease.waiting));
    }
    const auto end = leases_.next_end();
    if (!end || (leases_timer_ != 0 && leases_at_ <= *end)) {
        return;
    }
    cancel(std::exchange(leases_timer_, 0));
    if (const auto timer = after(noa::Time(*end) - now(), [this] {
            leases_timer_ = 0;
            end_leases();
        })) {
        leases_timer_ = *timer;
        leases_at_ = *end;
    } else {
        log(noa::Level::warning, "leases.not_armed", timer.error().text);
    }
}

} // namespace cache
