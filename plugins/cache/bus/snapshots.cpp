// Snapshots: when they are written, and what is made of one at the start.
#include <chrono>
#include <utility>

#include "../snapshot/file.hpp"
#include "agent.hpp"

namespace cache {

namespace {

using namespace std::chrono_literals;

constexpr noa::Duration longest_load = 5s; // of the time that a host gives to a start

snapshot::Moment moment(const noa::sdk::Host& host) {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<Instant>(host.now().time_since_epoch()),
            std::chrono::duration_cast<std::chrono::milliseconds>(wall).count()};
}

} // namespace

void Cache::set_up_snapshots(noa::Setup& setup) {
    setup.operation("snapshot", "Writes all of it to disk, now",
                    [this](const SnapshotRequest&, noa::Responder responder) {
                        write_snapshot([responder = std::move(responder)](
                                           const noa::Result<SnapshotReply>& outcome) mutable {
                            responder.reply(outcome);
                        });
                    });
    backup_.validate_with([](const std::string& directory) { return snapshot::check(directory); });
    setup.use(backup_);
    setup.counter("snapshots_total", "Snapshots written", snapshots_.written);
    setup.counter("snapshots_failed_total", "Snapshots that could not be written",
                  snapshots_.failed);
    setup.gauge("snapshot_time_seconds", "When the last snapshot was written, in Unix time",
                snapshots_.time);
    setup.gauge("snapshot_duration_seconds", "How long the last snapshot took", snapshots_.seconds);
    setup.gauge("snapshot_bytes", "Size of the last snapshot", snapshots_.bytes);
    setup.health("snapshot", noa::Weight::minor, [this] {
        return snapshots_.fault.empty() ? noa::Health::healthy()
                                        : noa::Health::needs_repair(snapshots_.fault);
    });
}

// In start, where the store is new. Whatever comes of it, the cache starts.
void Cache::load_snapshot() {
    const auto directory = state_dir();
    if (!directory) {
        log(noa::Level::warning, "snapshot.no_directory", directory.error().text);
        return;
    }
    const noa::Time begin = now();
    const auto enough = [&] { return now() - begin > longest_load; };
    const auto loaded = with([&](Store& store) {
        return snapshot::load(std::string(*directory), store, moment(host()), enough);
    });
    if (loaded) {
        const auto age = moment(host()).wall_ms - loaded->written_ms;
        log(noa::Level::info, "snapshot.loaded",
            std::to_string(loaded->entries) + " entries of " + std::to_string(age / 1000) +
                " s ago; " + std::to_string(loaded->expired) + " have ended meanwhile, " +
                std::to_string(loaded->left_out) + " were left out");
    } else if (loaded.error().status != NOA_E_NOT_FOUND) {
        log(noa::Level::warning, "snapshot.unusable",
            loaded.error().text + "; it is put aside as " + snapshot::aside_name);
    }
}

void Cache::arm_snapshots() {
    snapshots_.writing = false;
    if (!settings_.snapshot_every) {
        return;
    }
    const auto timer = every(*settings_.snapshot_every, [this] {
        if (!snapshots_.writing) {
            write_snapshot([](const noa::Result<SnapshotReply>&) {});
        }
    });
    if (!timer) {
        log(noa::Level::warning, "snapshot.not_armed", timer.error().text);
    }
}

void Cache::write_snapshot(SnapshotDone done) {
    if (!settings_.snapshot_every) {
        done(noa::invalid("there are no snapshots: snapshot_every is not set"));
        return;
    }
    const auto directory = state_dir();
    if (!directory || snapshots_.writing) {
        done(directory ? noa::busy("one is being written already") : directory.error());
        return;
    }
    snapshots_.writing = true;
    const noa::Time begin = now();
    task(
        [this, path = std::string(*directory)](const std::stop_token& stop) {
            return snapshot::write(
                path, kept_, [this] { return moment(host()); }, stop);
        },
        [this, begin,
         done = std::move(done)](const noa::Result<snapshot::Written>& outcome) mutable {
            snapshots_.writing = false;
            done(count_snapshot(outcome, now() - begin));
        });
}

noa::Result<SnapshotReply> Cache::count_snapshot(const noa::Result<snapshot::Written>& outcome,
                                                 noa::Duration took) {
    if (!outcome) {
        snapshots_.failed.add();
        snapshots_.fault = outcome.error().text;
        log(noa::Level::warning, "snapshot.failed", outcome.error().text);
        return outcome.error();
    }
    const double seconds = std::chrono::duration<double>(took).count();
    snapshots_.written.add();
    snapshots_.fault.clear();
    snapshots_.time.set(static_cast<double>(moment(host()).wall_ms) / 1000);
    snapshots_.seconds.set(seconds);
    snapshots_.bytes.set(static_cast<double>(outcome->bytes));
    return SnapshotReply{outcome->entries, outcome->bytes, seconds};
}

} // namespace cache
