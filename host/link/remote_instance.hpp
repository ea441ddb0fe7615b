// A plugin's object in a runner of its own, as its generation sees it.
//
// handle hands the message over and answers NOA_DEFERRED: what is open in the lane is what the
// runner has not settled. When the runner has ended, everything fails, and what was handed over
// stays open, to be taken back.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "link/host_end.hpp"
#include "plugin/instance.hpp"

namespace noa::link {

struct RemoteOptions {
    std::filesystem::path runner;
    std::filesystem::path file; // the staged one
    std::string agent;
    std::string plugin;       // id
    std::uint8_t replica = 0; // which of several
    // In the tag of a request, above the runner's serial number: whom its answer belongs to.
    static constexpr unsigned replica_shift = 56;
    static constexpr std::uint64_t serial_mask = (std::uint64_t{1} << replica_shift) - 1;
    std::uint64_t max_message = NOA_BODY_MAX;
    std::uint64_t max_state = 0;
    bool has_arena = false;
    Confinement confinement;
    std::chrono::milliseconds call_timeout{10'000}; // of each call but quiesce
    std::chrono::milliseconds stall_limit{30'000};
};

class RemoteInstance final : public plugin::Instance {
public:
    // Starts a runner. The first call is `load`.
    [[nodiscard]] static Result<std::unique_ptr<RemoteInstance>> open(Home& home,
                                                                      const RemoteOptions& options);
    // Has it load the file and make the object.
    [[nodiscard]] Result<void> load();
    ~RemoteInstance() override;

    [[nodiscard]] pid_t pid() const noexcept { return end_.pid(); }
    [[nodiscard]] Confined confined() const { return end_.confined(); }
    // [any thread] Messages that it was handed and has not begun with, or not been done with.
    [[nodiscard]] std::size_t open_count() const { return end_.open_count(); }
    // Has the object destroyed and the runner end, with force if need be, which is the answer.
    [[nodiscard]] bool leave();
    // [any thread] Ends it at once, wherever its lane is.
    void kill(const std::string& reason) { end_.kill(reason); }

    [[nodiscard]] Result<void> configure(const std::string& settings_json, bool commit) override;
    [[nodiscard]] Result<void> start() override;
    [[nodiscard]] Result<void> quiesce(std::int64_t deadline_ns) override;
    [[nodiscard]] Result<plugin::SavedState> save(std::uint64_t limit) override;
    [[nodiscard]] Result<void> restore(const plugin::SavedState& state) override;
    void confirm() override;
    [[nodiscard]] bool takes_live_settings() const noexcept override {
        return takes_live_settings_;
    }
    [[nodiscard]] Result<void> reconfigure(const std::string& settings_json, bool commit) override;
    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept override;
    void on_reply(std::uint64_t tag, noa_status status,
                  const noa_message* message) noexcept override;
    void taken_back() noexcept override;
    [[nodiscard]] bool has_gone() const noexcept override { return end_.has_ended(); }
    [[nodiscard]] bool may_have_begun(noa_delivery delivery) const override {
        return end_.may_have_begun(delivery);
    }
    void flush() noexcept override;
    [[nodiscard]] Result<std::string> ask(Question question) override;

    // Of the runner's own lane: nothing comes from this side.
    void on_wake(std::uint64_t) noexcept override {}
    void on_timer(std::uint64_t) noexcept override {}
    [[nodiscard]] bool has_on_ready() const noexcept override { return false; }
    void on_ready(std::uint64_t, std::uint32_t) noexcept override {}
    // Told to Home as they come.
    [[nodiscard]] std::uint64_t escaped() const noexcept override { return 0; }
    [[nodiscard]] const std::string& escaped_text() const noexcept override { return no_text_; }

private:
    RemoteInstance(Home& home, Process::Started started, LanePage page, UniqueFd page_fd,
                   const RemoteOptions& options);
    // Calls without an answer of their own. What does not return in time is ended: nothing else
    // brings the plugin's lane back.
    template <class Fill>
    [[nodiscard]] Result<HostEnd::Returned> call(const char* attempt, Call function, Fill&& fill);
    [[nodiscard]] Result<HostEnd::Returned> named(const char* attempt,
                                                  Result<HostEnd::Returned> returned) const;

    const RemoteOptions options_;
    UniqueFd page_fd_; // for the runner
    HostEnd end_;
    bool takes_live_settings_ = false;
    const std::string no_text_;
};

} // namespace noa::link
