// A plugin's object, as its generation sees it: beside it in this process, or in one of its own.
//
// Every function may be called only on the generation's lane, in the order of noa/plugin.h. None
// throws, whatever the plugin does; error texts are bounded and valid UTF-8.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "noa/noa.h"
#include "plugin/saved_state.hpp"

namespace noa::plugin {

class Instance {
public:
    Instance() = default;
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;
    virtual ~Instance() = default; // destroys

    [[nodiscard]] virtual Result<void> configure(const std::string& settings_json, bool commit) = 0;
    [[nodiscard]] virtual Result<void> start() = 0;
    [[nodiscard]] virtual Result<void> quiesce(std::int64_t deadline_ns) = 0;
    // At most `limit` bytes, sealed; schema 0 when the plugin has no save.
    [[nodiscard]] virtual Result<SavedState> save(std::uint64_t limit) = 0;
    // Fails with Errc::refused when the plugin cannot read that schema, and when the state is not
    // what was sealed; schema 0 is not handed to it.
    [[nodiscard]] virtual Result<void> restore(const SavedState& state) = 0;
    virtual void confirm() = 0;
    [[nodiscard]] virtual bool takes_live_settings() const noexcept = 0;
    // As noa.reconfigure/1 says; REQUIRES takes_live_settings.
    [[nodiscard]] virtual Result<void> reconfigure(const std::string& settings_json,
                                                   bool commit) = 0;

    // The plugin's answer; `error` is filled for every code but NOA_OK and NOA_DEFERRED.
    [[nodiscard]] virtual noa_status handle(const noa_message& message, noa_delivery delivery,
                                            noa_error& error) noexcept = 0;
    virtual void on_reply(std::uint64_t tag, noa_status status,
                          const noa_message* message) noexcept = 0;
    // After quiesce: what it had not settled is not its own any more.
    virtual void taken_back() noexcept {}
    // Whether it has gone by itself: nothing that it is asked comes back, and of what it was
    // handed it may have begun with that.
    [[nodiscard]] virtual bool has_gone() const noexcept { return false; }
    [[nodiscard]] virtual bool may_have_begun(noa_delivery) const { return true; }
    // The lane is about to sleep: what was put off is due.
    virtual void flush() noexcept {}
    virtual void on_wake(std::uint64_t tag) noexcept = 0;
    virtual void on_timer(std::uint64_t tag) noexcept = 0;
    [[nodiscard]] virtual bool has_on_ready() const noexcept = 0;
    virtual void on_ready(std::uint64_t tag, std::uint32_t events) noexcept = 0;

    enum class Question : std::uint8_t { health, metrics, describe };
    // A JSON object, valid and at most 64 levels deep; an empty string when the plugin does not
    // offer it.
    [[nodiscard]] virtual Result<std::string> ask(Question question) = 0;

    // Exceptions that a void function let out, since the start, and what the last one said.
    [[nodiscard]] virtual std::uint64_t escaped() const noexcept = 0;
    [[nodiscard]] virtual const std::string& escaped_text() const noexcept = 0;
};

} // namespace noa::plugin
