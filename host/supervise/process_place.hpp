// A plugin in a process of its own, behind a link.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/log.hpp"
#include "bus/lane.hpp"
#include "link/control_group.hpp"
#include "link/remote_instance.hpp"
#include "supervise/place.hpp"

namespace noa::supervise {

// What a process tells of itself between calls. [any thread] every function.
class ProcessListener {
public:
    ProcessListener() = default;
    ProcessListener(const ProcessListener&) = delete;
    ProcessListener& operator=(const ProcessListener&) = delete;
    virtual ~ProcessListener() = default;
    virtual void on_defect(std::string_view text) noexcept = 0;
    virtual void on_escaped(std::string_view function, std::string_view text,
                            std::uint64_t so_far) noexcept = 0;
    virtual void on_call_denied(const std::string& call, const std::string& path,
                                std::uint64_t so_far) noexcept = 0;
    virtual void on_ended(const link::RunnerEnd& end) = 0;
};

class ProcessPlace final : public Place, private link::Home {
public:
    struct Facts {
        link::RemoteOptions options;
        std::uint64_t generation = 0;
        const noa_host* host = nullptr;
        noa_context context = 0;
        const link::ControlGroups* groups = nullptr;
        link::GroupLimits limits;
        plugin::ArenaOwner* arena = nullptr;   // outlives it; null: it is offered none
        std::function<void(bool full)> hold{}; // instead of the lane's, when there are several
    };
    // All of them outlive it.
    ProcessPlace(Facts facts, bus::Lane& lane, Log& log, ProcessListener& listener)
        : facts_(std::move(facts)), lane_(lane), log_(log), listener_(listener) {}

    [[nodiscard]] Result<plugin::Instance*> load() override;
    void destroy() override;
    [[nodiscard]] std::string unload() override { return {}; }
    [[nodiscard]] bool in_use() const noexcept override { return false; }
    [[nodiscard]] bool end_now(const std::string& why) override;
    [[nodiscard]] Usage usage() const override;
    void tell(nlohmann::json& out) const override;
    // [lane] From load to destroy.
    [[nodiscard]] link::RemoteInstance* remote() noexcept { return remote_.get(); }

private:
    void join_group();
    [[nodiscard]] Usage usage_of_process() const;
    [[nodiscard]] const noa_host& host() const noexcept override { return *facts_.host; }
    [[nodiscard]] noa_context context() const noexcept override { return facts_.context; }
    [[nodiscard]] plugin::ArenaOwner* arena() noexcept override { return facts_.arena; }
    void post(std::function<void()> task) override;
    void hold(bool full) noexcept override {
        if (facts_.hold) {
            facts_.hold(full);
        } else {
            lane_.hold(full);
        }
    }
    void as_part_of(std::uint16_t hops, const std::function<void()>& call) override;
    void defect(std::string_view text) noexcept override { listener_.on_defect(text); }
    void escaped(std::string_view function, std::string_view text,
                 std::uint64_t so_far) noexcept override {
        listener_.on_escaped(function, text, so_far);
    }
    void call_denied(const std::string& call, const std::string& path,
                     std::uint64_t so_far) noexcept override {
        listener_.on_call_denied(call, path, so_far);
    }
    void output(std::string_view line, std::uint64_t dropped) noexcept override;
    void ended(const link::RunnerEnd& end) override;

    const Facts facts_;
    bus::Lane& lane_;
    Log& log_;
    ProcessListener& listener_;
    // Set on the lane before the runner is told anything, and then constant: none without groups.
    std::unique_ptr<link::ControlGroup> group_;
    link::Confined of_group_; // told instead, when there is none
    mutable std::mutex mutex_;
    std::unique_ptr<link::RemoteInstance> remote_; // set and reset on the lane, under mutex_
};

} // namespace noa::supervise
