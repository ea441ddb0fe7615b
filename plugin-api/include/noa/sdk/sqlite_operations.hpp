// What operators may ask of an agent's store: `migrations.list`, `.up` and `.down`, which
// `noactl migrations` calls. Included by whoever wants it, on top of noa/sdk/sqlite_store.hpp.
//
//     noa::sqlite::offer_migrations(setup, migrations, [this](auto work, auto done) {
//         worker_->run([work = std::move(work)](Store& store) mutable { work(store.database()); },
//                      std::move(done));
//     });
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "noa/sdk.hpp"
#include "noa/sdk/json.hpp"
#include "noa/sdk/sqlite_store.hpp"

namespace noa::sqlite {

namespace detail {

using StoreWork = sdk::Function<void(Database&)>;
using StoreDone = sdk::Function<void()>;

struct DownRequest {
    std::int64_t to = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("to", &DownRequest::to, "what is above that version goes"));
    }
};

// What the program knows, applied or not; and what a newer one has applied.
inline Result<Json> shown_migrations(Database& database, std::span<const Migration> known) {
    auto applied = migrations_checked(database, known);
    if (!applied) {
        return applied.error();
    }
    Json all = Json::array();
    for (const AppliedMigration& one : *applied) {
        const Migration* here = find(known, one.version);
        all.push_back({{"version", one.version},
                       {"name", one.name},
                       {"state", "applied"},
                       {"applied_at", one.applied_at},
                       {"checksum", one.checksum},
                       {"undoable", here != nullptr && !here->down.empty()}});
    }
    for (const Migration& one : known) {
        if (std::ranges::find(*applied, one.version, &AppliedMigration::version) ==
            applied->end()) {
            all.push_back({{"version", one.version},
                           {"name", one.name},
                           {"state", "pending"},
                           {"checksum", checksum_of(one.up)},
                           {"undoable", !one.down.empty()}});
        }
    }
    return Json{{"store", database.path()}, {"migrations", std::move(all)}};
}

inline Result<Json> taken_up(Database& database, std::span<const Migration> known) {
    auto count = migrate_confirm(database, known);
    auto shown = count ? shown_migrations(database, known) : Result<Json>(count.error());
    if (shown) {
        (*shown)["applied"] = *count;
    }
    return shown;
}

// A copy of the store as it was is kept beside it, so that data which a `down` drops is not lost.
inline Result<Json> taken_down(Database& database, std::span<const Migration> known,
                               std::int64_t to) {
    auto applied = migrations_checked(database, known);
    if (!applied) {
        return applied.error();
    }
    const std::int64_t newest = applied->empty() ? 0 : applied->back().version;
    if (to < 0 || to >= newest) {
        return schema_error(database, "/to: expected 0 to " + std::to_string(newest - 1) +
                                          ", found " + std::to_string(to));
    }
    const std::string copy = database.path() + ".v" + std::to_string(newest);
    if (auto kept = database.backup_to(copy); !kept) {
        return kept.error();
    }
    auto count = migrate_down(database, known, to);
    auto shown = count ? shown_migrations(database, known) : Result<Json>(count.error());
    if (shown) {
        (*shown)["undone"] = *count;
        (*shown)["copy"] = copy;
    }
    return shown;
}

template <class Run, class Work>
void answer_from_store(Run& run, Work work, Responder responder) {
    auto result = std::make_unique<Result<Json>>(Json());
    auto* place = result.get();
    run(StoreWork([place, work = std::move(work)](Database& database) mutable {
            *place = work(database);
        }),
        StoreDone([result = std::move(result), responder = std::move(responder)]() mutable {
            if (*result) {
                responder.reply(json_body(**result));
            } else {
                responder.fail(with_advice(result->error()).failure());
            }
        }));
}

} // namespace detail

// `run(work, done)` has `work(database)` called on the thread that owns the store, and then
// `done()` on the lane. After a `down` the program no longer knows its own tables: whoever asks
// for one disables the agent. `known` outlives the agent.
template <class Run>
void offer_migrations(Setup& setup, std::span<const Migration> known, Run run) {
    setup.operation(
        "migrations.list", "Of the store: what is applied, what is pending",
        [known, run](const Request&, Responder responder) mutable {
            detail::answer_from_store(
                run, [known](Database& store) { return detail::shown_migrations(store, known); },
                std::move(responder));
        });
    setup.operation("migrations.up", "Applies what is pending, what older programs cannot take too",
                    [known, run](const Request&, Responder responder) mutable {
                        detail::answer_from_store(
                            run,
                            [known](Database& store) { return detail::taken_up(store, known); },
                            std::move(responder));
                    });
    setup.operation("migrations.down", "Undoes migrations, for an older program; keeps a copy",
                    [known, run](const detail::DownRequest& request, Responder responder) mutable {
                        detail::answer_from_store(
                            run,
                            [known, to = request.to](Database& store) {
                                return detail::taken_down(store, known, to);
                            },
                            std::move(responder));
                    });
}

} // namespace noa::sqlite
