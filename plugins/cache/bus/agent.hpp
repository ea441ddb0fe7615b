// The agent: the store's operations on the bus, its settings, its metrics, its life.
#pragma once

#include <cstdint>
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
#include "arena_region.hpp"
#include "batch.hpp"
#include "hot_keys.hpp"
#include "leases.hpp"
#include "messages.hpp"
#include "settings.hpp"

namespace cache {

class Cache final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "cache",
        .version = "1.0.0",
        .description = "Values under keys, with an end of life, within a bound",
        .settings_schema = settings_schema,
        .state_schema = 2, // leases; and the store, where there is no arena
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
    noa::Result<SetReply> set(const SetRequest& request);
    noa::Result<DeleteReply> erase(const Key& request);
    noa::Result<TtlReply> ttl(const TtlRequest& request);
    noa::Result<FoundReply> expire(const ExpireRequest& request);
    noa::Result<IncrementReply> increment(const IncrementRequest& request);
    Body found(const Value& value, std::string_view key, std::string_view more = {}) const;
    noa::Result<std::optional<Instant>> end_of(std::optional<double> ttl_s,
                                               const char* field = "/ttl_s") const;
    [[nodiscard]] std::optional<Instant> end_or_default(std::optional<Instant> end) const;

    // batches.cpp
    Body get_many(const noa::Request& request);
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
    noa::Result<SetReply> fill(SpaceId space, const SetRequest& request, SetOptions options);
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

    // snapshots.cpp
    using SnapshotDone = noa::sdk::Function<void(const noa::Result<SnapshotReply>&)>;
    void set_up_snapshots(noa::Setup& setup);
    void load_snapshot();
    void arm_snapshots();
    void write_snapshot(SnapshotDone done);
    noa::Result<SnapshotReply> count_snapshot(const noa::Result<snapshot::Written>& outcome,
                                              noa::Duration took);

    // agent.cpp
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
    static noa::Status check_key(std::string_view key);
    // Of a request; nothing where there is none of that name.
    std::optional<SpaceId> space_of(const Space& name);
    noa::Result<SpaceId> space_for_writing(const Space& name);
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
    std::uint64_t random_ = 0x9e3779b97f4a7c15U; // for early refreshes
    resp::Service resp_;                         // goes first: its thread uses the store
};

} // namespace cache
