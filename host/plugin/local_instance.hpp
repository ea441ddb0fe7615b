// A plugin's object in this process, and the wall that stops its exceptions.
//
// The wall catches everything, copies the text inside the catch and keeps nothing of the
// plugin's.
#pragma once

#include <cstdint>
#include <string>

#include "plugin/instance.hpp"

namespace noa::plugin {

class LocalInstance final : public Instance {
public:
    [[nodiscard]] static Result<LocalInstance> create(const noa_plugin& table, const noa_host& host,
                                                      noa_context context);
    LocalInstance(LocalInstance&& other) noexcept;
    LocalInstance& operator=(LocalInstance&& other) noexcept;
    ~LocalInstance() override;

    [[nodiscard]] Result<void> configure(const std::string& settings_json, bool commit) override;
    [[nodiscard]] Result<void> start() override;
    [[nodiscard]] Result<void> quiesce(std::int64_t deadline_ns) override;
    [[nodiscard]] Result<SavedState> save(std::uint64_t limit) override;
    [[nodiscard]] Result<void> restore(const SavedState& state) override;
    void confirm() override;
    [[nodiscard]] bool takes_live_settings() const noexcept override {
        return reconfigure_ != nullptr;
    }
    [[nodiscard]] Result<void> reconfigure(const std::string& settings_json, bool commit) override;

    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept override;
    void on_reply(std::uint64_t tag, noa_status status,
                  const noa_message* message) noexcept override;
    void on_wake(std::uint64_t tag) noexcept override;
    void on_timer(std::uint64_t tag) noexcept override;
    [[nodiscard]] bool has_on_ready() const noexcept override;
    void on_ready(std::uint64_t tag, std::uint32_t events) noexcept override;

    [[nodiscard]] Result<std::string> ask(Question question) override;

    [[nodiscard]] std::uint64_t escaped() const noexcept override { return escaped_; }
    [[nodiscard]] const std::string& escaped_text() const noexcept override {
        return escaped_text_;
    }

private:
    LocalInstance(const noa_plugin& table, noa_agent* agent) noexcept;
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
