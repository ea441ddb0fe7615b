// The agent: the store's operations on the bus, its settings, its metrics, its life.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "../resp/service.hpp"
#include "../snapshot/file.hpp"
#include "../store/image.hpp"
#include "../store/shared.hpp"
#include "../tier/tier.hpp"
#include "arena_region.hpp"
#include "batch.hpp"
#include "hot_keys.hpp"
#include "leases.hpp"
#include "messages.hpp"
#include "noa/sdk/backup.hpp"
#include "settings.hpp"

namespace cache {

class Cache final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "cache",
        .version = "1.0.0",
        .description = "Values under keys, with an end of life, within a bound",
        .settings_schema = settings_schema,
        .state_schema = 3, // leases; and the store, where there is no arena
        .oldest_state_schema = 1,
        .sockets = true,
    };

    void setup(noa::Setup& setup) override;
    noa::Status start() override;
    noa::Status quiesce(noa::Time deadline) override;
    noa::Status save(noa::StateWriter& state) override;
    noa::Status restore(noa::StateReader& state) override;

private:
    using Body = noa::Result<noa::OwnedBody>;

    // values.cpp
    Body get(const Key& request);
    std::optional<Body> get_here(const Key& request);
    static Body not_there();
    noa::Result<SetOptions> options_of(const SetRequest& request) const;
    noa::Result<SetReply> set(const SetRequest& request);
    noa::Result<DeleteReply> erase(const Key& request);
    noa::Result<TtlReply> ttl(const TtlRequest& request);
    noa::Result<FoundReply> expire(const ExpireRequest& request);
    noa::Result<IncrementReply> increment(const IncrementRequest& request);
    Body found(const Value& value, std::string_view key, std::string_view more = {}) const;
    noa::Result<std::optional<Instant>> end_of(std::optional<double> ttl_s,
                                               const char* field = "/ttl_s") const;
    [[nodiscard]] std::optional<Instant> end_or_default(std::optional<Instant> end) const;
    void limit_life(SetOptions& options) const;

    // batches.cpp
    Body get_many(std::string_view content_type, std::string_view body);
    Body set_many(const noa::Request& request);
    // Shows `take(key, value)` each, the store taken once.
    template <class Take>
    void get_each(SpaceId space, std::span<const std::string_view> keys, Take&& take);
    Body get_many_json(const GetManyRequest& request);
    Body get_many_plain(std::string_view body);
    noa::Result<SetManyReply> set_many_json(const SetManyRequest& request);
    Body set_many_plain(std::string_view body);

    // loads.cpp
    void get_or_load(const LoadRequest& request, const noa::Request& message,
                     noa::Responder responder);
    noa::Result<FailReply> fail(const FailRequest& request);
    noa::Result<SetReply> fill(SpaceId space, const SetRequest& request, const SetOptions& options);
    noa::Result<SetReply> put(SpaceId space, const SetRequest& request, SetOptions options,
                              std::optional<Leases::Lease> lease);
    void pass_on(SpaceId space, std::string_view key, std::deque<Leases::Waiter> waiting);
    [[nodiscard]] bool early(const Value& value);
    void answer(std::deque<Leases::Waiter>& waiting, SpaceId space, std::string_view key);
    void superseded(SpaceId space, std::string_view key, bool present);
    void superseded_all();
    void end_leases();

    // looks.cpp
    Body keys(const KeysRequest& request);
    noa::Result<FlushReply> flush(const FlushRequest& request);
    noa::Status invalidate(const InvalidateRequest& request);
    Body stats();
    Body hot_keys(const TopRequest& request);
    void big_keys(const TopRequest& request, noa::Responder responder);
    struct BigRound;
    void look_for_big(std::unique_ptr<BigRound> round);
    void set_up_metrics(noa::Setup& setup);
    // For metrics: 0 while the cache does not run.
    template <class Read>
    std::uint64_t read(Read&& of) {
        return kept_.with(
            [&](const Opened& kept) -> std::uint64_t { return kept.store ? of(*kept.store) : 0; });
    }

    // tiered.cpp
    using ReadName = std::pair<std::string, std::string>; // namespace, key
    using FetchDone = noa::sdk::Function<void(const std::optional<tier::Found>&)>;
    using AfterErase = noa::sdk::Function<void(const noa::Result<DeleteReply>&)>;
    using AfterTtl = noa::sdk::Function<void(const noa::Result<TtlReply>&)>;
    // A change that the tier was told of and has not answered yet.
    struct Change {
        ReadName name;
        std::uint64_t number;
    };
    void set_up_tier(noa::Setup& setup);
    tier::Tier::Listener tier_listener();
    void tier_changed(bool away, const std::string& why);
    static tier::Name tier_name(const Space& space, std::string_view key);
    tier::Name tier_name(SpaceId space, std::string_view key);
    [[nodiscard]] tier::Left left_of(std::optional<Instant> end) const;
    void keep_copy(const tier::Name& name, const tier::Found& value);
    Body found(const tier::Found& value, std::string_view key) const;
    void fetch(const Space& space, const std::string& key, FetchDone done);
    Change begin_change(const tier::Name& name);
    bool end_change(const Change& change);
    void tiered_get(const Key& request, noa::Responder responder);
    void tiered_set(const SetRequest& request, noa::Responder responder);
    void tiered_set_when(SpaceId space, const SetRequest& request, const SetOptions& options,
                         noa::Responder responder);
    void tiered_fill(SpaceId space, const SetRequest& request, const SetOptions& options,
                     noa::Responder responder);
    void tiered_erase(const Key& request, noa::Responder responder);
    void erase_everywhere(const Key& request, AfterErase done);
    void tiered_ttl(const TtlRequest& request, noa::Responder responder);
    void ttl_everywhere(const TtlRequest& request, AfterTtl done);
    void tiered_expire(const ExpireRequest& request, noa::Responder responder);
    void tiered_increment(const IncrementRequest& request, noa::Responder responder);
    void keep_count(SpaceId space, std::string_view key, const tier::Count& count);

    // tiered_batches.cpp
    void tiered_get_many(const noa::Request& request, noa::Responder responder);
    void tiered_set_many(const noa::Request& request, noa::Responder responder);
    void share_batch(std::string_view body, const std::function<void(bool begun)>& count);
    void share(const tier::Name& name, const tier::Write& write, bool tagged,
               noa::sdk::Function<void()> done);
    void tiered_flush(const FlushRequest& request, noa::Responder responder);

    // tiered_loads.cpp
    void load_by_tier(SpaceId space, const LoadRequest& request, Leases::Waiter waiter);
    void contend(SpaceId space, std::string_view key, std::deque<Leases::Waiter> waiting);
    void ask_for_lease(SpaceId space, const std::string& key);
    void acquired(SpaceId space, const std::string& key, const std::string& token,
                  const tier::Acquired& outcome);
    void wait_longer(SpaceId space, const std::string& key, Instant left);
    void lease_ended_elsewhere(const Space& space, std::string_view key, std::string_view error);

    // snapshots.cpp
    using SnapshotDone = noa::sdk::Function<void(const noa::Result<SnapshotReply>&)>;
    void set_up_snapshots(noa::Setup& setup);
    void load_snapshot();
    void arm_snapshots();
    void write_snapshot(SnapshotDone done);
    noa::Result<SnapshotReply> count_snapshot(const noa::Result<snapshot::Written>& outcome,
                                              noa::Duration took);

    // agent.cpp
    // An operation that is done here, or by way of the tier when that is in use.
    template <class Request, class Reply>
    void routed(noa::Setup& setup, std::string_view name, std::string_view summary,
                noa::Result<Reply> (Cache::*here)(const Request&),
                void (Cache::*tiered)(const Request&, noa::Responder));
    void set_up_values(noa::Setup& setup);
    void set_up_rest(noa::Setup& setup);
    noa::Status make_store();
    noa::Status open_arena();
    noa::Status begin_arena(std::uint64_t least);
    noa::Status make_private_store();
    void settle_in();
    noa::Status restore_first_schema(noa::StateReader& state);
    void apply_settings();
    [[nodiscard]] Instant instant() const {
        return std::chrono::duration_cast<Instant>(now().time_since_epoch());
    }
    // Holds the store for the length of `use(store)`.  [running]
    template <class Use>
    decltype(auto) with(Use&& use) {
        return kept_.with([&](Opened& kept) -> decltype(auto) { return use(*kept.store); });
    }
    static constexpr std::size_t longest_bus_key = 4096;
    static noa::Status check_key(std::string_view key); // spaces.cpp, as what follows
    // Of a request; nothing where there is none of that name.
    std::optional<SpaceId> space_of(const Space& name);
    noa::Result<SpaceId> space_for_writing(const Space& name);
    bool drop_empty_space();
    static noa::Error refused(Stored outcome, const Limits& limits);
    // Has upkeep called when it is due.
    void watch();
    void keep_up();

    Settings settings_;
    noa::Arena arena_;
    Shared<Opened> kept_;
    Leases leases_;
    HotKeys hot_keys_;
    noa::TimerId upkeep_ = 0; // 0: nothing is due by itself
    noa::Time upkeep_at_{};
    bool keeping_up_ = false; // a post is under way
    noa::TimerId leases_timer_ = 0;
    Instant leases_at_{};
    struct Read {
        std::vector<FetchDone> waiting;
        bool superseded = false; // the key was changed since
    };
    struct Changing {
        std::uint64_t last = 0;
        std::uint32_t under_way = 0;
    };
    std::map<ReadName, Read> reads_; // of the tier, under way
    std::map<ReadName, Changing> changing_;
    std::uint64_t last_change_ = 0;
    bool fresh_ = false; // nothing was handed on: the store is a new one
    struct Snapshots {
        noa::Counter written;
        noa::Counter failed;
        noa::Gauge time;
        noa::Gauge seconds;
        noa::Gauge bytes;
        std::string fault;    // of the last one
        bool writing = false; // a task is under way
    };
    Snapshots snapshots_;
    noa::BackupHooks backup_;
    std::uint64_t random_ = 0x9e3779b97f4a7c15U; // for early refreshes
    tier::Tier tier_{tier_listener()};           // its thread posts
    resp::Service resp_;                         // goes first: its thread uses the store
};

} // namespace cache
