// Several runners of one plugin behind one lane: who has the least to do gets the next message.
//
// They share inbox, name and subscriptions. What one of them asks for is answered to that one. The
// order of a sender's messages is given up, unless the inbox is ordered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "link/remote_instance.hpp"
#include "plugin/instance.hpp"

namespace noa::link {

class Replicas final : public plugin::Instance {
public:
    static constexpr std::size_t most = 16;
    // Each was opened with its place in the list as RemoteOptions::replica; all outlive this.
    explicit Replicas(std::vector<RemoteInstance*> all) : all_(std::move(all)) {}

    // All of them, one after the other; the first that fails is the answer.
    [[nodiscard]] Result<void> configure(const std::string& settings_json, bool commit) override;
    [[nodiscard]] Result<void> start() override;
    [[nodiscard]] Result<void> quiesce(std::int64_t deadline_ns) override;
    void confirm() override;
    [[nodiscard]] bool takes_live_settings() const noexcept override;
    [[nodiscard]] Result<void> reconfigure(const std::string& settings_json, bool commit) override;
    // Nothing: only plugins without a state have replicas.
    [[nodiscard]] Result<plugin::SavedState> save(std::uint64_t limit) override;
    [[nodiscard]] Result<void> restore(const plugin::SavedState& state) override;

    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept override;
    void on_reply(std::uint64_t tag, noa_status status,
                  const noa_message* message) noexcept override;
    void taken_back() noexcept override;
    // With one of them the generation has gone.
    [[nodiscard]] bool has_gone() const noexcept override;
    [[nodiscard]] bool may_have_begun(noa_delivery delivery) const override;
    void flush() noexcept override;
    // The first that is not healthy; the metrics of each: {"replicas": […]}.
    [[nodiscard]] Result<std::string> ask(Question question) override;

    void on_wake(std::uint64_t) noexcept override {}
    void on_timer(std::uint64_t) noexcept override {}
    [[nodiscard]] bool has_on_ready() const noexcept override { return false; }
    void on_ready(std::uint64_t, std::uint32_t) noexcept override {}
    [[nodiscard]] std::uint64_t escaped() const noexcept override { return 0; }
    [[nodiscard]] const std::string& escaped_text() const noexcept override { return no_text_; }

private:
    const std::vector<RemoteInstance*> all_;
    std::size_t last_ = 0; // that was given a message: of equals the next one is
    const std::string no_text_;
};

} // namespace noa::link
