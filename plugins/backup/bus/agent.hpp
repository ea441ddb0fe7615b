// The agent: its operations, its schedule, its records. One job that writes at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "../jobs/hooks.hpp"
#include "../jobs/work.hpp"
#include "../repository/repository.hpp"
#include "messages.hpp"
#include "noa/sdk.hpp"
#include "settings.hpp"

namespace backup {

class Backup final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "backup",
        .version = "1.0.0",
        .description = "Backups in restic's format that are proven to restore",
        .settings_schema = settings_schema,
    };

    void setup(noa::Setup& setup) override;
    noa::Status start() override;

private:
    // What is at work. Owners: the agent, while it is; the work.
    struct Running {
        std::uint64_t number = 0;
        std::string kind;
        std::string what;
        std::int64_t since_s = 0;
        Progress progress;
        std::stop_source stop;
    };
    // For jobs, which may not know the bus. Lives as long as one of them.
    class Asking final : public Hooks {
    public:
        explicit Asking(Backup& agent) : agent_(agent), own_name_(agent.name()) {}
        noa::sdk::Result<std::map<std::string, Offer>> offers(const std::vector<std::string>& names,
                                                              const std::stop_token& stop) override;
        std::vector<noa::sdk::Result<std::string>> ask(Hook hook,
                                                       const std::vector<HookCall>& calls,
                                                       noa::Duration patience,
                                                       const std::stop_token& stop) override;

    private:
        struct Question {
            std::string agent;
            std::string operation;
            std::string body;
        };
        using Answers = std::vector<noa::sdk::Result<std::string>>;
        struct Round;
        Answers ask_all(const std::vector<Question>& questions, noa::Duration patience,
                        const std::stop_token& stop);
        void ask_some(std::span<const Question> questions, noa::Duration patience,
                      const std::stop_token& stop, Answers& ret_answers);

        Backup& agent_; // of which only `post` is called off the lane
        std::string own_name_;
    };
    struct Outcome {
        Records records;
        JobResult answer;
    };
    using Body = noa::Result<noa::OwnedBody>;
    using Work = noa::sdk::Function<JobResult(Job&)>;
    using Look = noa::sdk::Function<JobResult(Repository&, const std::stop_token&)>;

    // agent.cpp
    void set_up_metrics(noa::Setup& setup);
    void tick();
    [[nodiscard]] bool due(const std::string& name, const PlanSettings& plan,
                           std::int64_t now_s) const;
    [[nodiscard]] noa::Health health() const;
    noa::Result<std::string> plan_of(const Text& given) const;
    noa::Result<std::string> repository_of(const Text& given) const;

    // jobs.cpp
    void set_up_jobs(noa::Setup& setup);
    void set_up_upkeep(noa::Setup& setup);
    void set_up_status(noa::Setup& setup);
    // An operation that is a job: `run(job, name, request)` for what `name_of(request)` names.
    template <class Request, class Name, class Run>
    void add_job(noa::Setup& setup, const char* operation, const char* summary, Name name_of,
                 Run run);
    // Refused while another runs; answered when it has ended, or at once with its number.
    void begin(std::string kind, const noa::Result<std::string>& what, Work work,
               std::optional<noa::Responder> responder, bool wait = true);
    void finish(const Running& running, noa::Result<Outcome> outcome,
                std::optional<noa::Responder> responder);
    void tell(const Running& running, const JobResult& answer);
    noa::Json status() const;
    noa::Json ready() const;

    // looks.cpp
    void set_up_looks(noa::Setup& setup);
    void set_up_keys(noa::Setup& setup);
    void look(const Text& repository, Look look, noa::Responder responder);

    // The settings that a job began with live as long as it.
    std::shared_ptr<const Settings> settings_; // owners: the agent, jobs
    Places places_;
    Records records_;
    std::shared_ptr<Running> running_;
    std::uint64_t jobs_ = 0; // that began
    noa::Json last_;         // the one that ended last
    bool started_ = false;
    noa::Counter runs_;
    noa::Counter failures_;
    noa::Counter stored_bytes_;
};

} // namespace backup
