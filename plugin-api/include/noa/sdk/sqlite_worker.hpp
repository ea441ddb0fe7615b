// A store on a thread of its own, for an agent that commits in groups: what comes while the disk is
// at work is the next group. The write-ahead log is moved into the file by a second connection,
// because a checkpoint of SQLite's own holds up the commit that it falls on, 4 to 10 ms. Included
// by whoever wants it, on top of noa/sdk/sqlite.hpp.
//
//     auto writer = noa::sqlite::StoreWorker<Store>::open(*std::move(store), [this] {
//         static_cast<void>(post([this] { take_done(); }));
//     });
//     (*writer)->commit([place](Store& store) { … }, [this] { … }); // the second on the lane
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "noa/sdk/sqlite.hpp"
#include "noa/sdk/worker.hpp"

namespace noa::sqlite {

// How long the log of a database is. For its owner's thread, as the database is.
class LogLength {
public:
    // From now on no commit of this connection moves the log. The database outlives it.
    static Result<LogLength> of(Database& database) {
        if (auto set = database.execute("PRAGMA wal_autocheckpoint = 0"); !set) {
            return set.error();
        }
        LogLength length;
        sqlite3_wal_hook(
            database.handle(),
            [](void* frames, sqlite3*, const char*, int count) {
                *static_cast<int*>(frames) = count;
                return SQLITE_OK;
            },
            length.frames_.get());
        return length;
    }

    // Pages of it, after the last commit of this connection.
    [[nodiscard]] int frames() const noexcept { return *frames_; }

private:
    LogLength() = default;
    // Apart, because SQLite keeps its address.
    std::unique_ptr<int> frames_ = std::make_unique<int>(0);
};

// What of the log nobody reads any more goes into the file. Waits for nobody but the disk.
inline void move_log(Database& database) noexcept {
    sqlite3_wal_checkpoint_v2(database.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                              nullptr);
}

// A second connection, for nothing but that.
class LogMover {
public:
    static Result<LogMover> open(const std::string& path) {
        auto database = Database::open(path);
        auto set =
            database ? database->execute("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -512")
                     : Result<>(database.error());
        return set ? Result<LogMover>(LogMover(*std::move(database)))
                   : Result<LogMover>(set.error());
    }
    void run() noexcept { move_log(database_); }

private:
    explicit LogMover(Database database) : database_(std::move(database)) {}
    Database database_;
};

// Agent::confirm of an agent with a store on a Worker or a StoreWorker: its contracting migrations
// are applied, those that a rollback would have missed. `failed(const Error&)` on the lane.  [lane]
template <class StoresWorker, class Failed>
void confirm_on(StoresWorker& worker, std::span<const Migration> known, Failed failed) {
    auto outcome = std::make_unique<Result<int>>(0);
    auto* place = outcome.get();
    worker.run([place, known](auto& store) { *place = migrate_confirm(store.database(), known); },
               [outcome = std::move(outcome), failed = std::move(failed)]() mutable {
                   if (!*outcome) {
                       failed(outcome->error());
                   }
               });
}

// Store: `Database& database()`, and `int log_frames()` by a LogLength of it.
template <class Store>
class StoreWorker {
public:
    using Work = typename sdk::Worker<Store>::Work;
    using Done = typename sdk::Worker<Store>::Done;

    // `ring` has take_done called on the lane, soon; it is copied.  [any] on which it is called
    template <class Ring>
    static Result<std::unique_ptr<StoreWorker>> open(Store store, Ring ring) {
        auto mover = LogMover::open(store.database().path());
        if (!mover) {
            return mover.error();
        }
        return std::unique_ptr<StoreWorker>(
            new StoreWorker(std::move(store), *std::move(mover), std::move(ring)));
    }

    // As Worker has it: in order, after the commits before it. Not after finish.  [lane]
    void run(Work work, Done done) { store_.run(std::move(work), std::move(done)); }
    // The same, and after it the log is looked at.  [lane]
    void commit(Work work, Done done) {
        auto frames = std::make_unique<int>(0);
        int* count = frames.get();
        run(
            [work = std::move(work), count](Store& store) mutable {
                work(store);
                *count = store.log_frames();
                if (*count > frames_too_many) {
                    move_log(store.database());
                }
            },
            [this, done = std::move(done), frames = std::move(frames)]() mutable {
                done();
                look_at_log(*frames);
            });
    }
    // Calls what is to be done after the jobs that ran.  [lane]
    void take_done() {
        for (auto& done : store_.take_done()) {
            done();
        }
        for (auto& done : mover_.take_done()) {
            done();
        }
    }
    // Runs what is left; take_done has what comes of it. The store is closed, and its log is folded
    // into the file where no other connection is open: readers end before.  [lane]
    void finish() noexcept {
        finished_ = true;
        store_.finish();
        mover_.finish();
    }

private:
    static constexpr int frames_to_move = 1000;   // before it is moved
    static constexpr int frames_too_many = 16000; // 64 MiB: it does not shrink while others write

    template <class Ring>
    StoreWorker(Store store, LogMover mover, Ring ring)
        : mover_(std::move(mover), ring), store_(std::move(store), ring) {}

    void look_at_log(int frames) {
        if (frames < frames_to_move || moving_ || finished_) {
            return;
        }
        moving_ = true;
        mover_.run([](LogMover& mover) { mover.run(); }, [this] { moving_ = false; });
    }

    bool moving_ = false;
    bool finished_ = false;
    sdk::Worker<LogMover> mover_;
    sdk::Worker<Store> store_;
};

} // namespace noa::sqlite
