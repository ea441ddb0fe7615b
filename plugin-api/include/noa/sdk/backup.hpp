// noa.backup/1: what an agent itself does about backups of its state. Included by whoever wants it.
//
// Files at rest and SQLite databases need none of it. It is for state that cannot be copied while
// the agent runs (a format of its own, memory), and for agents that know whether a copy is whole.
// The contract is two operations, on the bus like all others, so that an agent outside serves them
// in the same way. Who describes them is asked; one outside, which the host describes, where it is
// named, and it answers UNSUPPORTED to what it does not do:
//
//     state.export    {"directory"}: make the directory, and write into it what the state directory
//                     has to hold for the agent to start as it is now: all of it. What is written
//                     takes the place of the state directory in the backup, and is restored there.
//                     Answered when it is whole; an error leaves the agent out of this backup.
//     state.validate  {"directory"}: look at a restored state directory, change nothing that is not
//                     in it; answered {"ok": true}, or {"ok": false, "why": "…"}.
//
// The directory is absolute, and right in the state directory of the agent. Its name begins with
// ".backup-", as no other may there; whoever asks takes it away. An agent outside, which has no
// state directory, is given a place where the host keeps those of the others.
//
//     class Ledger final : public noa::Agent {
//         void setup(noa::Setup& setup) override {
//             hooks_.export_with([this](const std::string& directory) {
//                 return [directory, copy = entries_] { return write(directory + "/all", copy); };
//             });
//             hooks_.validate_with([](const std::string& directory) {
//                 return check(directory + "/all");
//             });
//             setup.use(hooks_);
//         }
//         noa::BackupHooks hooks_;
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "noa/sdk.hpp"
#include "noa/sdk/json.hpp"
#include "noa/sdk/storage.hpp"

namespace noa::sdk {

struct StatePlace {
    std::string directory;
    static constexpr auto fields() {
        return noa::fields(noa::field("directory", &StatePlace::directory,
                                      "absolute; .backup-… in its state directory"));
    }
};

struct StateVerdict {
    bool ok = false;
    std::string why;
    static constexpr auto fields() {
        return noa::fields(noa::field("ok", &StateVerdict::ok),
                           noa::optional_field("why", &StateVerdict::why));
    }
};

// A member of the agent, made known by Setup::use after what it is given.
class BackupHooks final : public Part {
public:
    static constexpr std::string_view name_prefix = ".backup-";

    // `write(directory)` is called on the lane, between two messages, with a directory that is new
    // and empty. It writes and returns a Status; or it takes what it needs, and returns a function
    // that writes it and returns a Status, which is called off the lane, with the std::stop_token
    // of a task if it takes one.
    template <class F>
    void export_with(F write) {
        export_ = [write = std::move(write)](const std::string& directory) mutable {
            auto outcome = write(directory);
            if constexpr (std::is_same_v<decltype(outcome), Status>) {
                return outcome ? Rest(Work()) : Rest(std::move(outcome).error());
            } else if constexpr (std::is_invocable_v<decltype(outcome)&, std::stop_token>) {
                return Rest(Work(std::move(outcome)));
            } else {
                return Rest(Work([rest = std::move(outcome)](const std::stop_token&) mutable {
                    return rest();
                }));
            }
        };
    }
    // `check(directory)`, or `check(directory, std::stop_token)`, is called off the lane, several
    // times at once perhaps. An error says that the state is bad, and why.
    template <class F>
    void validate_with(F check) {
        check_ = [check = std::move(check)](const std::string& directory,
                                            const std::stop_token& stop) mutable -> Status {
            if constexpr (std::is_invocable_v<F&, const std::string&, const std::stop_token&>) {
                return check(directory, stop);
            } else {
                return check(directory);
            }
        };
    }

    Status attach(Generation& generation) override {
        generation_ = &generation;
        const bool added =
            (!export_ ||
             add<StatePlace>("state.export", "Writes its state of now to a directory", "",
                             [this](const StatePlace& at, Responder responder) {
                                 write(at.directory, std::move(responder));
                             })) &&
            (!check_ ||
             add<StatePlace>("state.validate", "Whether the state in a directory is whole",
                             schema_of<StateVerdict>(),
                             [this](const StatePlace& at, Responder responder) {
                                 validate(at.directory, std::move(responder));
                             }));
        return added ? Status() : invalid("state.export or state.validate is registered twice");
    }
    void quiet() noexcept override {}

private:
    using Work = Function<Status(const std::stop_token&)>; // empty: nothing is left to do
    using Rest = Result<Work>;
    static constexpr std::size_t longest_name = 200;

    template <class Body, class F>
    bool add(std::string_view name, std::string_view summary, std::string reply, F handler) {
        return generation_->operations.add({std::string(name), std::string(summary),
                                            schema_of<Body>(), std::move(reply),
                                            make_dispatcher(std::move(handler))});
    }

    // Whoever asks may be anybody: no other place is written or read.
    [[nodiscard]] Status check_place(const std::string& directory) const {
        const Result<std::string_view> state = state_dir_of(generation_->host);
        if (!state) {
            return state.error();
        }
        std::string_view name = directory;
        if (!name.starts_with(*state) || name.size() > state->size() + 1 + longest_name) {
            return astray();
        }
        name.remove_prefix(state->size());
        const bool good = name.starts_with('/') && name.substr(1).starts_with(name_prefix) &&
                          name.find('/', 1) == std::string_view::npos &&
                          name.find('\0') == std::string_view::npos;
        return good ? Status() : astray();
    }
    static Status astray() {
        return invalid("/directory: must be .backup-… in the state directory");
    }

    void write(const std::string& directory, Responder responder) {
        if (Status good = check_place(directory); !good) {
            responder.fail(std::move(good).error());
            return;
        }
        // What a former delivery of the same request began with goes.
        std::error_code failed;
        std::filesystem::remove_all(directory, failed);
        if (::mkdir(directory.c_str(), 0700) != 0) {
            responder.fail(sdk::failed("cannot make " + directory));
            return;
        }
        Rest rest = export_(directory);
        if (!rest || !*rest) {
            wrote(directory, rest ? Status() : rest.error(), responder);
            return;
        }
        generation_->tasks.run(
            [rest = std::move(*rest)](const std::stop_token& stop) mutable { return rest(stop); },
            [directory, responder = std::move(responder)](const Status& outcome) mutable {
                wrote(directory, outcome, responder);
            });
    }
    static void wrote(const std::string& directory, const Status& outcome, Responder& responder) {
        if (outcome) {
            responder.reply();
            return;
        }
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
        responder.fail(outcome.error());
    }

    void validate(const std::string& directory, Responder responder) {
        struct stat found {};
        if (Status good = check_place(directory); !good) {
            responder.fail(std::move(good).error());
        } else if (::lstat(directory.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
            responder.fail(not_found(directory + ": there is no such directory"));
        } else {
            generation_->tasks.run(
                [this, directory](const std::stop_token& stop) -> Result<StateVerdict> {
                    const Status whole = check_(directory, stop);
                    if (!whole && stop.stop_requested()) {
                        return Error{NOA_E_EXPIRED, "it was interrupted"};
                    }
                    return StateVerdict{whole.has_value(), whole ? "" : whole.error().text};
                },
                [responder = std::move(responder)](const Result<StateVerdict>& verdict) mutable {
                    responder.reply(verdict);
                });
        }
    }

    Generation* generation_ = nullptr;
    Function<Rest(const std::string&)> export_;
    Function<Status(const std::string&, const std::stop_token&)> check_;
};

} // namespace noa::sdk

namespace noa {

using sdk::BackupHooks;

} // namespace noa
