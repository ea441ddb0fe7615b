// A plugin's object, and the wall that stops its exceptions.
//
// Every function may be called only on the generation's lane, in the order of noa/plugin.h.
// The wall catches everything, copies the text inside the catch and keeps nothing of the
// plugin's. Error texts are bounded and made valid UTF-8.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "noa/noa.h"
#include "plugin/saved_state.hpp"

namespace noa::plugin {

class Instance {
public:
    [[nodiscard]] static Result<Instance> create(const noa_plugin& table, const noa_host& host,
                                                 noa_context context);
    Instance(Instance&& other) noexcept;
    Instance& operator=(Instance&& other) noexcept;
    ~Instance(); // destroys

    [[nodiscard]] Result<void> configure(const std::string& settings_json, bool commit);
    [[nodiscard]] Result<void> start();
    [[nodiscard]] Result<void> quiesce(std::int64_t deadline_ns);
    // At most `limit` bytes, sealed; schema 0 when the plugin has no save.
    [[nodiscard]] Result<SavedState> save(std::uint64_t limit);
    // Fails with Errc::refused when the plugin cannot read that schema, and when the state is not
    // what was sealed; schema 0 is not handed to it.
    [[nodiscard]] Result<void> restore(const SavedState& state);
    void confirm();
    [[nodiscard]] bool takes_live_settings() const noexcept { return reconfigure_ != nullptr; }
    // As noa.reconfigure/1 says; REQUIRES takes_live_settings.
    [[nodiscard]] Result<void> reconfigure(const std::string& settings_json, bool commit);

    // The plugin's answer; `error` is filled for every code but NOA_OK and NOA_DEFERRED.
    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept;
    void on_reply(std::uint64_t tag, noa_status status, const noa_message* message) noexcept;
    void on_wake(std::uint64_t tag) noexcept;
    void on_timer(std::uint64_t tag) noexcept;
    [[nodiscard]] bool has_on_ready() const noexcept;
    void on_ready(std::uint64_t tag, std::uint32_t events) noexcept;

    enum class Question : std::uint8_t { health, metrics, describe };
    // A JSON object, valid and at most 64 levels deep; an empty string when the plugin does not
    // offer it.
    [[nodiscard]] Result<std::string> ask(Question question);

    // Exceptions that a void function let out, since the start, and what the last one said.
    [[nodiscard]] std::uint64_t escaped() const noexcept { return escaped_; }
    [[nodiscard]] const std::string& escaped_text() const noexcept { return escaped_text_; }

private:
    Instance(const noa_plugin& table, noa_agent* agent) noexcept;
    template <class Call>
    void guard(Call&& call) noexcept;

    const noa_plugin* table_ = nullptr;
    noa_agent* agent_ = nullptr;
    const noa_timer_plugin* timers_ = nullptr;
    const noa_inspect_plugin* inspect_ = nullptr;
    const noa_reconfigure_plugin* reconfigure_ = nullptr;
    const noa_listener_plugin* listener_ = nullptr;
    std::uint64_t escaped_ = 0;
    std::string escaped_text_;
};

} // namespace noa::plugin
