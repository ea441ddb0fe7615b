// A noa_host for tests: everything is recorded, nothing happens by itself, time stands still.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "noa/sdk/fd.hpp"
#include "noa/testing/fake_arena.hpp"
#include "noa/testing/fake_sockets.hpp"
#include "noa/testing/records.hpp"

namespace noa::testing {

// The state behind the table. The test's thread, on which this is made, is the lane.
//
// Threads  the table's functions as noa/host.h says; members may be read on the lane while no
//          thread of the agent runs.
class FakeHost {
public:
    struct Timer {
        std::int64_t due_ns = 0;
        std::int64_t period_ns = 0;
    };

    explicit FakeHost(std::string agent_name)
        : name(std::move(agent_name)), lane_(std::this_thread::get_id()) {}
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;
    ~FakeHost() {
        if (!own_state_dir_.empty()) {
            std::error_code ignored;
            std::filesystem::remove_all(own_state_dir_, ignored);
        }
    }

    [[nodiscard]] const noa_host& table() const noexcept;
    [[nodiscard]] static const noa_listener_host& listener_table() noexcept;
    [[nodiscard]] static const noa_arena_host& arena_table() noexcept;
    [[nodiscard]] noa_context context() noexcept {
        return static_cast<noa_context>(reinterpret_cast<std::uintptr_t>(this));
    }
    static FakeHost& of(noa_context context) noexcept {
        // What context() made of a pointer.
        return *reinterpret_cast<FakeHost*>( // NOLINT(performance-no-int-to-ptr)
            static_cast<std::uintptr_t>(context));
    }

    using Lock = std::lock_guard<std::mutex>;
    [[nodiscard]] bool on_lane() const noexcept { return std::this_thread::get_id() == lane_; }
    // A breach of the contract, for the test to find.
    void violation(std::string what) { violations.push_back(std::move(what)); }
    void require_lane(const char* function) {
        if (!on_lane()) {
            violation(std::string(function) + " was called off the lane");
        }
    }

    [[nodiscard]] Sent record(const noa_outgoing& message) {
        const auto text = [](noa_str view) {
            return view.size == 0 ? std::string() : std::string(view.data, view.size);
        };
        Sent copy;
        copy.to = message.to != 0 ? addresses[message.to - 1] : text(message.to_name);
        copy.subject = text(message.subject);
        copy.content_type = text(message.content_type);
        copy.traceparent = message.traceparent.size == 0 && on_lane() ? at_hand.traceparent
                                                                      : text(message.traceparent);
        copy.priority = message.priority;
        copy.deadline_ns = message.deadline_ns;
        if (message.buffer != nullptr) {
            copy.body.assign(static_cast<const char*>(message.buffer->data), message.buffer_used);
            buffers.erase(message.buffer->handle);
        } else if (message.body.size > 0) {
            copy.body.assign(static_cast<const char*>(message.body.data), message.body.size);
        }
        return copy;
    }
    void check_subject(const std::string& subject, bool pattern) {
        constexpr const char* letters =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
        const std::string allowed = std::string(letters) + (pattern ? "*>" : "");
        if (subject.empty() || subject.size() > NOA_SUBJECT_MAX ||
            subject.find_first_not_of(allowed) != std::string::npos ||
            subject.find("..") != std::string::npos || subject.front() == '.' ||
            subject.back() == '.') {
            violation("\"" + subject + "\" is not a subject");
        }
    }

    // The first settlement wins; `answer` makes it, when this is the one.
    template <class F>
    noa_status settle(noa_delivery delivery, F&& answer) {
        const Lock lock(mutex);
        const auto found = deliveries.find(delivery);
        if (found == deliveries.end()) {
            violation("a delivery was settled that never was");
            return NOA_E_INVALID;
        }
        if (retired || taken_back.contains(delivery) || found->second.settled) {
            return NOA_E_RETIRED;
        }
        found->second = answer();
        found->second.settled = true;
        ring();
        return NOA_OK;
    }

    // Something has happened that the test may wait for.
    void ring() const {
        const std::uint64_t once = 1;
        static_cast<void>(!::write(bell_.get(), &once, sizeof once));
    }
    void silence() const {
        std::uint64_t rung = 0;
        static_cast<void>(!::read(bell_.get(), &rung, sizeof rung));
    }
    [[nodiscard]] int bell() const noexcept { return bell_.get(); }

    void check_nothing_left() {
        if (!buffers.empty()) {
            violation(std::to_string(buffers.size()) + " buffers were neither sent nor freed");
        }
        if (!kept.empty()) {
            violation(std::to_string(kept.size()) + " messages were kept and not released");
        }
    }

    const std::string& state_dir() {
        if (state_path.empty()) {
            std::string path = std::filesystem::temp_directory_path() / "noa-agent-XXXXXX";
            if (mkdtemp(path.data()) != nullptr) {
                own_state_dir_ = path;
                state_path = path;
            }
        }
        return state_path;
    }

    std::string name;
    std::mutex mutex;
    std::int64_t now_ns = 1'000'000'000'000;
    // As noa.agent/1 tells it, under `name`.
    noa_agent_facts facts{.struct_size = sizeof(noa_agent_facts),
                          .run = NOA_RUN_THREAD,
                          .name = {},
                          .generation = 1,
                          .queue_size = 10'000,
                          .concurrency = 0,
                          .max_deliveries = 5,
                          .task_timeout_ns = 30'000'000'000,
                          .quiesce_timeout_ns = 5'000'000'000};
    // What sends inherit, while a message is being handled.
    struct AtHand {
        std::int64_t deadline_ns = 0;
        std::string traceparent;
    };
    AtHand at_hand;
    const noa_message* kept_from = nullptr; // the message at hand: what retain is given
    // Owners: the harnesses of one agent, one generation after the other.
    std::shared_ptr<FakeSockets> sockets = std::make_shared<FakeSockets>();
    std::shared_ptr<FakeArena> arena = std::make_shared<FakeArena>(); // owners: the same
    bool has_arena = true;                                            // whether it is offered
    struct Watch {
        std::uint32_t events = 0;
        std::uint64_t tag = 0;
    };
    std::map<int, Watch> watches; // by descriptor
    bool can_watch = false;       // the plugin has on_ready
    bool retired = false;         // after destroy
    bool leased = false;          // between start and quiesce
    bool starting = false;
    bool quiesced = false;       // requests are refused
    noa_status refusal = NOA_OK; // of the next send, request or publish
    unsigned accept_before_refusal = 0;
    std::uint32_t subscribers = 1; // that accept what is published
    std::string state_path;

    std::vector<std::string> addresses;
    std::vector<Sent> sent;     // fire and forget
    std::vector<Sent> requests; // open ones; the harness takes out what it answers
    std::vector<Sent> published;
    std::vector<LogLine> logs;
    std::vector<std::string> violations;
    std::set<std::string> subscriptions;
    std::map<std::uint64_t, Timer> timers;
    std::deque<std::uint64_t> wakes;
    std::map<noa_delivery, Answer> deliveries;
    std::set<noa_delivery> taken_back;
    std::map<std::uint64_t, std::unique_ptr<char[]>> buffers;
    std::uint64_t next_buffer = 1;
    struct Kept {
        noa_message raw;
        OwnedMessage owned;
    };
    std::map<const noa_message*, std::unique_ptr<Kept>> kept;

private:
    sdk::Fd bell_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::thread::id lane_;
    std::string own_state_dir_;
};

} // namespace noa::testing

#include "noa/testing/fake_arena_table.hpp"
#include "noa/testing/fake_host_table.hpp"
#include "noa/testing/fake_listener_table.hpp"
