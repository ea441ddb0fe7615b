// From an agent's class to the table that the host reads.
#pragma once

#include <cstring>
#include <exception>
#include <memory>
#include <string_view>

#include "noa/plugin.h"
#include "noa/sdk/life.hpp"

namespace noa::sdk::table {

// The wall: what is thrown behind it ends here, as a status and a text.
template <class F>
noa_status guard(noa_error* error, F&& run) noexcept {
    try {
        return run();
    } catch (const std::bad_alloc&) {
        return fill(*error, NOA_E_INTERNAL, "out of memory");
    } catch (const std::exception& failure) {
        return fill(*error, NOA_E_INTERNAL, failure.what());
    } catch (...) {
        return fill(*error, NOA_E_INTERNAL, "an unknown exception");
    }
}

inline noa_status answer(noa_error* error, const Status& outcome) {
    return outcome ? NOA_OK : fill(*error, outcome.error());
}

template <class A>
noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                  noa_error* error) noexcept {
    return guard(error, [&] {
        auto life = std::make_unique<Life>(*host, context, A::info, std::make_unique<A>());
        if (const Status ready = life->setup(); !ready) {
            return fill(*error, ready.error());
        }
        *ret_agent = life.release()->handle_of();
        return NOA_OK;
    });
}

inline noa_status configure(noa_agent* agent, noa_str settings, std::uint32_t commit,
                            noa_error* error) noexcept {
    return guard(error, [&] {
        return answer(error, Life::of(agent).configure(view(settings), commit != 0));
    });
}

inline noa_status start(noa_agent* agent, noa_error* error) noexcept {
    return guard(error, [&] { return answer(error, Life::of(agent).start()); });
}

inline noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                         noa_error* error) noexcept {
    return guard(error, [&] { return Life::of(agent).handle(*message, delivery, *error); });
}

inline void on_reply(noa_agent* agent, std::uint64_t tag, noa_status status,
                     const noa_message* message) noexcept {
    Life& life = Life::of(agent);
    life.guarded("reply", [&] { life.generation().requests.finish(tag, status, message); });
}

inline void on_wake(noa_agent* agent, std::uint64_t tag) noexcept {
    Life& life = Life::of(agent);
    life.guarded("wake", [&] { life.on_wake(tag); });
}

inline void on_timer(noa_agent* agent, std::uint64_t tag) noexcept {
    Life& life = Life::of(agent);
    life.guarded("timer", [&] { life.generation().timers.fire(tag); });
}

inline void on_ready(noa_agent* agent, std::uint64_t tag, std::uint32_t events) noexcept {
    Life& life = Life::of(agent);
    life.guarded("socket", [&] { life.on_ready(tag, events); });
}

inline noa_status reconfigure(noa_agent* agent, noa_str settings, std::uint32_t commit,
                              noa_error* error) noexcept {
    return guard(error, [&] {
        return answer(error, Life::of(agent).reconfigure(view(settings), commit != 0));
    });
}

inline noa_status quiesce(noa_agent* agent, std::int64_t deadline_ns, noa_error* error) noexcept {
    return guard(
        error, [&] { return answer(error, Life::of(agent).quiesce(Time(Duration(deadline_ns)))); });
}

inline noa_status save(noa_agent* agent, const noa_sink* sink, noa_error* error) noexcept {
    return guard(error, [&] { return answer(error, Life::of(agent).save(*sink)); });
}

inline noa_status restore(noa_agent* agent, const noa_source* source, noa_error* error) noexcept {
    return guard(error, [&] { return answer(error, Life::of(agent).restore(*source)); });
}

inline void confirm(noa_agent* agent) noexcept {
    Life& life = Life::of(agent);
    life.guarded("confirm", [&] { life.agent().confirm(); });
}

inline void destroy(noa_agent* agent) noexcept {
    delete &Life::of(agent);
}

template <std::string (*Describe)(Generation&)>
noa_status inspect(noa_agent* agent, const noa_sink* sink, noa_error* error) noexcept {
    return guard(error, [&] {
        const std::string text = Describe(Life::of(agent).generation());
        return answer(error,
                      to_status(sink->write(sink, text.data(), text.size()), "write the answer"));
    });
}

inline constexpr noa_timer_plugin timer_contract{sizeof(noa_timer_plugin), 0, on_timer};
inline constexpr noa_inspect_plugin inspect_contract{
    sizeof(noa_inspect_plugin), 0, inspect<describe_health>, inspect<describe_metrics>,
    inspect<describe_interface>};

inline constexpr noa_reconfigure_plugin reconfigure_contract{sizeof(noa_reconfigure_plugin), 0,
                                                             reconfigure};
inline constexpr noa_listener_plugin listener_contract{sizeof(noa_listener_plugin), 0, on_ready};

template <class A>
const void* extension(const char* id) noexcept {
    const auto is = [id](const char* other) { return std::strcmp(id, other) == 0; };
    if (is(NOA_TIMER_ID)) {
        return &timer_contract;
    }
    if (is(NOA_INSPECT_ID)) {
        return &inspect_contract;
    }
    if (is(NOA_RECONFIGURE_ID)) {
        return A::info.live_settings ? &reconfigure_contract : nullptr;
    }
    return A::info.sockets && is(NOA_LISTENER_ID) ? &listener_contract : nullptr;
}

} // namespace noa::sdk::table

namespace noa::sdk {

template <class A>
inline constexpr noa_plugin plugin_table{
    .struct_size = sizeof(noa_plugin),
    .abi_minor = NOA_ABI_MINOR,
    .id = A::info.id,
    .version = A::info.version,
    .description = A::info.description,
    .settings_schema = A::info.settings_schema,
    .flags = A::info.rollback ? 0U : NOA_PLUGIN_NO_ROLLBACK,
    .state_schema = A::info.state_schema,
    .oldest_state_schema =
        A::info.oldest_state_schema != 0 ? A::info.oldest_state_schema : A::info.state_schema,
    .reserved = 0,
    .create = table::create<A>,
    .configure = table::configure,
    .start = table::start,
    .handle = table::handle,
    .on_reply = table::on_reply,
    .on_wake = table::on_wake,
    .quiesce = table::quiesce,
    .save = A::info.state_schema != 0 ? table::save : nullptr,
    .restore = A::info.state_schema != 0 ? table::restore : nullptr,
    .confirm = table::confirm,
    .destroy = table::destroy,
    .extension = table::extension<A>,
};

} // namespace noa::sdk

// Once in a plugin, at file scope: makes `Type`, a class derived from noa::Agent with a static
// `info`, the plugin's agent.
#define NOA_PLUGIN(Type)                                                                           \
    NOA_PLUGIN_NOTE(0);                                                                            \
    extern "C" const noa_plugin* noa_plugin_entry_v1(void) {                                       \
        return &::noa::sdk::plugin_table<Type>;                                                    \
    }                                                                                              \
    static_assert(true)
