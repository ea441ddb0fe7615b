// Operations on one key, by way of the second tier. Here first, where that does no harm; the answer
// is the tier's, and this host's when nothing is heard of the tier.
#include <algorithm>
#include <utility>

#include "agent.hpp"
#include "json_value.hpp"

namespace cache {

namespace {

constexpr const char* away_event = R"({"type": "object", "required": ["away"],
    "properties": {"away": {"type": "boolean"}, "why": {"type": "string"}}})";

} // namespace

void Cache::set_up_tier(noa::Setup& setup) {
    setup.event("cache.tier", {"The second tier is away, or back", away_event});
    setup.health("tier", noa::Weight::minor, [this] {
        return tier_.away() ? noa::Health::needs_repair("the tier is away: " + tier_.why())
                            : noa::Health::healthy();
    });
    setup.gauge("tier_open", "1: the tier is away, and left alone",
                [this] { return tier_.away() ? 1.0 : 0.0; });
    setup.counter("tier_hits_total", "Values that the tier had",
                  [this] { return tier_.figures().hits; });
    setup.counter("tier_misses_total", "Values that the tier had not",
                  [this] { return tier_.figures().misses; });
    const tier::Link::Figures& link = tier_.link_figures();
    setup.counter("tier_requests_total", "Commands sent to the tier",
                  [&link] { return link.requests.load(); });
    setup.counter("tier_errors_total", "Commands that the tier has not answered, or refused",
                  [&link] { return link.failed.load(); });
    setup.counter("tier_dropped_total", "Commands not sent: it is away, or too much waits",
                  [&link] { return link.dropped.load(); });
    setup.counter("tier_microseconds_total", "How long the tier's answers took, in all",
                  [&link] { return link.microseconds.load(); });
}

tier::Tier::Listener Cache::tier_listener() {
    return {.post = [this](noa::sdk::Function<void()> run) { return post(std::move(run)); },
            .lease_ended =
                [this](tier::Name name, std::string_view error) {
                    lease_ended_elsewhere(std::string(name.space), name.key, error);
                },
            .changed = [this](bool away, const std::string& why) { tier_changed(away, why); }};
}

void Cache::tier_changed(bool away, const std::string& why) {
    std::string body;
    {
        noa::sdk::JsonObject event(body);
        event.add("away", away);
        if (away) {
            event.add("why", std::string_view(why));
        }
    }
    if (away) {
        log(noa::Level::warning, "tier.away", why + "; this host goes on alone");
    } else {
        log(noa::Level::info, "tier.back");
    }
    if (const auto told = publish("cache.tier", noa::Body(body, noa::json_content_type)); !told) {
        log(noa::Level::warning, "tier.not_told", told.error().text);
    }
}

tier::Name Cache::tier_name(const Space& space, std::string_view key) {
    return {space ? std::string_view(*space) : std::string_view("default"), key};
}

// The name is of the store: for one call.
tier::Name Cache::tier_name(SpaceId space, std::string_view key) {
    const auto figures = with([&](const Store& store) { return store.figures(space); });
    return {figures ? figures->name : std::string_view(), key};
}

tier::Left Cache::left_of(std::optional<Instant> end) const {
    return end ? tier::Left(std::max(*end - instant(), Instant(1))) : std::nullopt;
}

// A value of the tier, for as long as it may be shown here. What is there already is newer.
void Cache::keep_copy(const tier::Name& name, const tier::Found& value) {
    const auto space = with([&](Store& store) { return store.make_space(name.space); });
    if (!space) {
        return;
    }
    SetOptions options{.type = value.value.type, .when = When::absent};
    if (value.left) {
        options.end = instant() + *value.left;
    }
    limit_life(options);
    with([&](Store& store) { store.set(*space, name.key, value.value.bytes, options, instant()); });
    watch();
}

Cache::Body Cache::found(const tier::Found& value, std::string_view key) const {
    Value shown{.bytes = value.value.bytes, .type = value.value.type};
    if (value.left) {
        shown.end = instant() + *value.left;
    }
    return found(shown, key);
}

// Asks the tier for a key, once for all who want it meanwhile.
void Cache::fetch(const Space& space, const std::string& key, FetchDone done) {
    const tier::Name name = tier_name(space, key);
    const ReadName read_name(name.space, key);
    Read& read = reads_[read_name];
    read.waiting.push_back(std::move(done));
    if (read.waiting.size() > 1) {
        return;
    }
    tier_.get(name, [this, read_name](const std::optional<tier::Found>& value) {
        auto ended = reads_.extract(read_name);
        if (ended.empty()) {
            return;
        }
        if (value && !ended.mapped().superseded) {
            keep_copy({read_name.first, read_name.second}, *value);
        }
        for (FetchDone& tell : ended.mapped().waiting) {
            tell(value);
        }
    });
}

// What is being read of the key may be older than what is changed now. To be ended.
Cache::Change Cache::begin_change(const tier::Name& name) {
    Change change{ReadName(name.space, name.key), ++last_change_};
    if (const auto read = reads_.find(change.name); read != reads_.end()) {
        read->second.superseded = true;
    }
    Changing& changing = changing_[change.name];
    ++changing.under_way;
    changing.last = change.number;
    return change;
}

// Whether it is still the last one of its key: what is done here for an earlier one would undo it.
bool Cache::end_change(const Change& change) {
    const auto changing = changing_.find(change.name);
    if (changing == changing_.end()) {
        return true;
    }
    const bool last = changing->second.last == change.number;
    if (--changing->second.under_way == 0) {
        changing_.erase(changing);
    }
    return last;
}

void Cache::tiered_get(const Key& request, noa::Responder responder) {
    if (noa::Status valid = check_key(request.key); !valid) {
        responder.fail(valid.error());
        return;
    }
    if (const auto body = get_here(request)) {
        responder.reply(*body);
        return;
    }
    fetch(request.space, request.key,
          [this, key = request.key,
           responder = std::move(responder)](const std::optional<tier::Found>& value) mutable {
              responder.reply(value ? found(*value, key) : not_there());
          });
}

void Cache::tiered_set(const SetRequest& request, noa::Responder responder) {
    const auto options = options_of(request);
    const auto space =
        options ? space_for_writing(request.space) : noa::Result<SpaceId>(options.error());
    if (!space) {
        responder.fail(space.error());
        return;
    }
    if (request.lease && request.tags.empty()) {
        tiered_fill(*space, request, *options, std::move(responder));
        return;
    }
    if (options->when != When::always && request.tags.empty()) {
        tiered_set_when(*space, request, *options, std::move(responder));
        return;
    }
    const auto reply = fill(*space, request, *options);
    if (!reply || reply->stored == false) {
        responder.reply(reply);
        return;
    }
    const tier::Name name = tier_name(request.space, request.key);
    auto answer = [this, reply, change = begin_change(name),
                   responder = std::move(responder)](tier::Outcome) mutable {
        end_change(change);
        responder.reply(reply);
    };
    if (request.tags.empty()) {
        const Encoded value = encode(request.value);
        tier_.set(name, {value.bytes, value.type, left_of(options->end)}, std::move(answer));
    } else { // others have no part in it, and are not to see what it replaces
        tier_.erase(name, std::move(answer));
    }
}

// nx, xx: what there is, only the tier knows.
void Cache::tiered_set_when(SpaceId space, const SetRequest& request, const SetOptions& options,
                            noa::Responder responder) {
    const Encoded value = encode(request.value);
    const tier::Name name = tier_name(request.space, request.key);
    tier_.set(name, {value.bytes, value.type, left_of(options.end), options.when},
              [this, space, request, options = SetOptions(options), change = begin_change(name),
               responder = std::move(responder)](tier::Outcome outcome) mutable {
                  if (!end_change(change) || outcome == tier::Outcome::refused) {
                      responder.reply(SetReply{0, outcome == tier::Outcome::refused
                                                      ? std::optional(false)
                                                      : std::nullopt});
                      return;
                  }
                  if (outcome == tier::Outcome::done) {
                      options.when = When::always;
                  }
                  responder.reply(fill(space, request, options));
              });
}

// The lease's value: the tier takes it while the lease is in force there, too.
void Cache::tiered_fill(SpaceId space, const SetRequest& request, const SetOptions& options,
                        noa::Responder responder) {
    auto lease = leases_.take(space, request.key, *request.lease);
    if (!lease) {
        responder.reply(SetReply{0, false});
        return;
    }
    const Encoded value = encode(request.value);
    const std::uint64_t fence = lease->fence;
    const tier::Name name = tier_name(request.space, request.key);
    tier_.set(name, {value.bytes, value.type, left_of(options.end), options.when, fence},
              [this, space, request, options, lease = std::move(*lease),
               change = begin_change(name),
               responder = std::move(responder)](tier::Outcome outcome) mutable {
                  const bool last = end_change(change);
                  if (outcome == tier::Outcome::refused) {
                      responder.reply(SetReply{0, false});
                      pass_on(space, request.key, std::move(lease.waiting));
                      return;
                  }
                  if (!last) { // set or deleted meanwhile
                      responder.reply(SetReply{});
                      answer(lease.waiting, space, request.key);
                      return;
                  }
                  responder.reply(put(space, request, options, std::move(lease)));
              });
}

void Cache::erase_everywhere(const Key& request, AfterErase done) {
    if (noa::Status valid = check_key(request.key); !valid) {
        done(valid.error());
        return;
    }
    const tier::Name name = tier_name(request.space, request.key);
    const auto space = space_of(request.space);
    const bool was =
        space && with([&](Store& store) { return store.erase(*space, request.key, instant()); });
    tier_.erase(name, [this, was, request, change = begin_change(name),
                       done = std::move(done)](tier::Outcome outcome) mutable {
        const bool last = end_change(change);
        if (const auto now_there = space_of(request.space); now_there && last) {
            superseded(*now_there, request.key, false);
        }
        done(DeleteReply{was || outcome == tier::Outcome::done});
    });
}

void Cache::tiered_erase(const Key& request, noa::Responder responder) {
    erase_everywhere(
        request, [responder = std::move(responder)](const noa::Result<DeleteReply>& reply) mutable {
            responder.reply(reply);
        });
}

void Cache::ttl_everywhere(const TtlRequest& request, AfterTtl done) {
    const auto here = ttl(request);
    if (!here) {
        done(here.error());
        return;
    }
    const tier::Name name = tier_name(request.space, request.key);
    if (request.ttl_s || request.persist) {
        const auto end = end_of(request.ttl_s);
        tier_.change_end(name, left_of(*end), [this, change = begin_change(name)](tier::Outcome) {
            end_change(change);
        });
    }
    tier_.look(name, [here, done = std::move(done)](const tier::Count& there) mutable {
        if (there.outcome != tier::Outcome::done) {
            done(here);
        } else {
            done(TtlReply{
                true, there.left ? std::optional(std::chrono::duration<double>(*there.left).count())
                                 : std::nullopt});
        }
    });
}

void Cache::tiered_ttl(const TtlRequest& request, noa::Responder responder) {
    ttl_everywhere(request,
                   [responder = std::move(responder)](const noa::Result<TtlReply>& reply) mutable {
                       responder.reply(reply);
                   });
}

void Cache::tiered_expire(const ExpireRequest& request, noa::Responder responder) {
    if (request.ttl_s <= 0) {
        erase_everywhere(
            {request.key, request.space},
            [responder = std::move(responder)](const noa::Result<DeleteReply>& reply) mutable {
                responder.reply(reply ? noa::Result<FoundReply>(FoundReply{reply->deleted})
                                      : reply.error());
            });
        return;
    }
    ttl_everywhere({request.key, request.ttl_s, false, request.space},
                   [responder = std::move(responder)](const noa::Result<TtlReply>& reply) mutable {
                       responder.reply(reply ? noa::Result<FoundReply>(FoundReply{reply->found})
                                             : reply.error());
                   });
}

// The tier counts: two hosts never give the same number.
void Cache::tiered_increment(const IncrementRequest& request, noa::Responder responder) {
    const noa::Status valid = check_key(request.key);
    const auto end = valid ? end_of(request.ttl_s) : valid.error();
    const auto space = end ? space_for_writing(request.space) : noa::Result<SpaceId>(end.error());
    if (!space) {
        responder.fail(space.error());
        return;
    }
    const tier::Name name = tier_name(request.space, request.key);
    tier_.add(name, request.by, left_of(end_or_default(*end)),
              [this, space = *space, request, change = begin_change(name),
               responder = std::move(responder)](const tier::Count& count) mutable {
                  const bool last = end_change(change);
                  if (count.outcome == tier::Outcome::lost) {
                      responder.reply(increment(request));
                  } else if (count.outcome == tier::Outcome::refused) {
                      responder.fail(noa::failed(
                          "/key: the value is not a whole number, or the sum is beyond 64 bits"));
                  } else {
                      if (last) {
                          keep_count(space, request.key, count);
                      }
                      responder.reply(IncrementReply{count.value});
                  }
              });
}

void Cache::keep_count(SpaceId space, std::string_view key, const tier::Count& count) {
    SetOptions options{.type = Type::json};
    if (count.left) {
        options.end = instant() + *count.left;
    }
    limit_life(options);
    with([&](Store& store) {
        store.set(space, key, std::to_string(count.value), options, instant());
    });
    superseded(space, key, true);
    watch();
}

} // namespace cache
