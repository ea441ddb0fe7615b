// The life of an agent under test, one step at a time; the base of Harness.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "noa/testing/fake_host.hpp"

namespace noa::testing {

// Every function on the thread that made it: that thread is the lane.
class Lifecycle {
public:
    // `name` is the agent's; the plugin's unless said.
    explicit Lifecycle(const noa_plugin* plugin, std::string name = {})
        : plugin_(plugin), host_(name.empty() ? std::string(plugin->id) : std::move(name)) {
        const auto* sockets = offered<noa_listener_plugin>(NOA_LISTENER_ID);
        host_.can_watch = sockets != nullptr && sockets->on_ready != nullptr;
    }
    Lifecycle(const Lifecycle&) = delete;
    Lifecycle& operator=(const Lifecycle&) = delete;
    ~Lifecycle() { destroy(); }

    Outcome create() {
        return step([&](noa_error* error) {
            return plugin_->create(&host_.table(), host_.context(), &agent_, error);
        });
    }
    Outcome configure(std::string_view settings, bool commit) {
        if (plugin_->configure == nullptr) {
            return {};
        }
        return step([&](noa_error* error) {
            return plugin_->configure(agent_, {settings.data(), settings.size()}, commit ? 1 : 0,
                                      error);
        });
    }
    Outcome start() {
        host_.leased = host_.starting = true;
        host_.quiesced = false;
        host_.sockets->starting();
        host_.arena->starting();
        Outcome outcome = plugin_->start == nullptr ? Outcome() : step([&](noa_error* error) {
            return plugin_->start(agent_, error);
        });
        host_.starting = false;
        host_.leased = static_cast<bool>(outcome);
        if (outcome) {
            host_.sockets->taken_over();
            host_.arena->taken_over();
        } else {
            host_.sockets->given_up();
            host_.arena->given_up();
            host_.watches.clear();
        }
        return outcome;
    }
    // What is still deferred afterwards is taken back: see Harness::taken_back.
    Outcome quiesce(std::chrono::nanoseconds within = std::chrono::seconds(5)) {
        Outcome outcome = plugin_->quiesce == nullptr ? Outcome() : step([&](noa_error* error) {
            return plugin_->quiesce(agent_, host_.now_ns + within.count(), error);
        });
        if (outcome) {
            host_.quiesced = true;
            host_.leased = false;
            host_.timers.clear();
            host_.watches.clear();
            host_.arena->unmap();
            for (const auto& [delivery, answer] : host_.deliveries) {
                if (!answer.settled) {
                    host_.taken_back.insert(delivery);
                }
            }
        }
        return outcome;
    }
    Outcome save(SavedState& state) {
        state = {plugin_->state_schema, {}};
        if (plugin_->save == nullptr) {
            return {};
        }
        return step([&](noa_error* error) {
            const noa_sink sink = sink_to(state.bytes);
            return plugin_->save(agent_, &sink, error);
        });
    }
    // Of an agent that is set up, or of one that was quiesced: see Harness::swap_back.
    Outcome restore(const SavedState& state) {
        if (plugin_->restore == nullptr) {
            return {};
        }
        return step([&](noa_error* error) {
            Reading reading{&state.bytes, 0};
            const noa_source source{sizeof(noa_source), state.schema, state.bytes.size(), &reading,
                                    read};
            return plugin_->restore(agent_, &source, error);
        });
    }
    void confirm() {
        if (plugin_->confirm != nullptr) {
            plugin_->confirm(agent_);
        }
    }
    void destroy() {
        if (agent_ != nullptr) {
            plugin_->destroy(std::exchange(agent_, nullptr));
            host_.retired = true;
            host_.check_nothing_left();
        }
    }

    // Settings for the agent at work. NOA_E_UNSUPPORTED when the plugin takes none.
    Outcome reconfigure(std::string_view settings) {
        const auto* contract = offered<noa_reconfigure_plugin>(NOA_RECONFIGURE_ID);
        if (contract == nullptr || contract->reconfigure == nullptr) {
            return {NOA_E_UNSUPPORTED, "noa.reconfigure/1 is not offered"};
        }
        Outcome outcome;
        for (std::uint32_t commit = 0; commit < 2 && outcome; ++commit) {
            outcome = step([&](noa_error* error) {
                return contract->reconfigure(agent_, {settings.data(), settings.size()}, commit,
                                             error);
            });
        }
        return outcome;
    }

    // What it tells about itself: JSON.
    [[nodiscard]] std::string health() { return ask(&noa_inspect_plugin::health); }
    [[nodiscard]] std::string metrics() { return ask(&noa_inspect_plugin::metrics); }
    [[nodiscard]] std::string describe() { return ask(&noa_inspect_plugin::describe); }

    [[nodiscard]] FakeHost& host() noexcept { return host_; }

protected:
    // A contract of the plugin's; null when it does not offer it.
    template <class Contract>
    [[nodiscard]] const Contract* offered(const char* id) const {
        return plugin_->extension == nullptr ? nullptr
                                             : static_cast<const Contract*>(plugin_->extension(id));
    }

    const noa_plugin* plugin_;
    FakeHost host_;
    noa_agent* agent_ = nullptr;

private:
    struct Reading {
        const std::string* bytes;
        std::size_t position;
    };

    template <class F>
    Outcome step(F&& run_step) {
        noa_error error{};
        error.struct_size = sizeof error;
        const noa_status status = run_step(&error);
        error.text[sizeof error.text - 1] = '\0';
        return {status, error.text};
    }

    using Question = noa_status (*noa_inspect_plugin::*)(noa_agent*, const noa_sink*, noa_error*);
    std::string ask(Question question) {
        std::string text;
        const auto* contract = offered<noa_inspect_plugin>(NOA_INSPECT_ID);
        if (contract != nullptr && contract->*question != nullptr) {
            const noa_sink sink = sink_to(text);
            step([&](noa_error* error) { return (contract->*question)(agent_, &sink, error); });
        }
        return text;
    }

    static noa_sink sink_to(std::string& bytes) { return {sizeof(noa_sink), 0, &bytes, write}; }
    static std::int32_t write(const noa_sink* sink, const void* data, std::uint64_t size) {
        static_cast<std::string*>(sink->state)->append(static_cast<const char*>(data), size);
        return NOA_OK;
    }
    static std::int32_t read(const noa_source* source, void* buffer, std::uint64_t capacity,
                             std::uint64_t* ret_size) {
        auto& reading = *static_cast<Reading*>(source->state);
        const std::size_t size =
            std::min<std::size_t>(capacity, reading.bytes->size() - reading.position);
        std::memcpy(buffer, reading.bytes->data() + reading.position, size);
        reading.position += size;
        *ret_size = size;
        return NOA_OK;
    }
};

} // namespace noa::testing
