// The agent: rounds of figures, and what is asked of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "../alerts/channel.hpp"
#include "../alerts/record.hpp"
#include "../checks/checks.hpp"
#include "../collect/agents.hpp"
#include "../collect/days.hpp"
#include "../collect/series.hpp"
#include "../traces/otlp.hpp"
#include "../traces/post.hpp"
#include "alert_messages.hpp"
#include "messages.hpp"
#include "noa/sdk/backup.hpp"
#include "noa/sdk/json.hpp"
#include "noa/sdk/sockets.hpp"
#include "noa/sdk/worker.hpp"
#include "settings.hpp"

namespace monitor {

// One round: everybody is asked at once, and it ends when all have answered or not.
struct Round {
    std::uint64_t number = 0;
    noa::Time began{};
    Samples samples;
    std::size_t awaited = 0;
};

// A receiver of notices, and what is under way to it.
struct Channel {
    Channel(ExchangePort& port, noa::Sockets& sockets) : exchange(port, sockets) {}
    ChannelSetting setting;
    Outbox outbox;
    Exchange exchange;
    bool busy = false;
    noa::sdk::TimerId retry = 0;
    std::uint32_t failures = 0; // in a row
    std::string fault;          // of the last attempt; or ""
    std::uint64_t delivered = 0;
};

// Spans on their way to a collector: one batch at a time, kept until it is taken. What comes
// meanwhile waits in the host, which keeps the last ones.
struct SpanExport {
    std::uint64_t after = 0; // spans of that life of the host were sent, or lost
    std::string life;
    std::string batch; // empty: none is under way
    std::uint64_t batch_spans = 0;
    std::uint64_t batch_next = 0;
    bool asking = false;
    std::uint32_t failures = 0; // in a row
    std::string fault;          // of the last attempt; or ""
    noa::Counter sent;
    noa::Counter lost; // that the host kept no longer, or the collector would not have
};

class Monitor final : public noa::Agent, public CheckPort {
public:
    static constexpr noa::PluginInfo info{
        .id = "monitor",
        .version = "1.0.0",
        .description = "Figures of the machine, the host and its agents over time; checks of "
                       "endpoints; alerts",
        .settings_schema = settings_schema,
        .state_schema = 1,
        .sockets = true,
    };

    void setup(noa::Setup& setup) override;
    noa::Status start() override;
    noa::Status quiesce(noa::Time deadline) override;
    noa::Status save(noa::StateWriter& state) override;
    noa::Status restore(noa::StateReader& state) override;

private:
    void setup_figures(noa::Setup& setup);
    void setup_checks(noa::Setup& setup);
    void begin_round();
    // A round soon, for something has changed: one between two of the interval.
    void hasten();
    void begin_hastened();
    void ask_machine();
    void ask_status();
    void ask_agents();
    void ask_metrics(const AgentBrief& agent);
    // Runs `read(samples)` if that round is still under way, and ends it with the last answer.
    template <class Read>
    void answered(std::uint64_t round, Read read);
    void end_round();
    [[nodiscard]] noa::Duration patience() const { return settings_.interval / 2; }

    void query(const QueryRequest& request, noa::Responder responder);
    [[nodiscard]] noa::Result<QueryReply> query_memory(const QueryRequest& request) const;
    [[nodiscard]] noa::OwnedBody current(const NowRequest& request) const;
    [[nodiscard]] noa::OwnedBody prometheus(const NowRequest& request) const;
    [[nodiscard]] std::int64_t unix_ms(noa::Time at) const;
    [[nodiscard]] noa::Health health() const;

    void run_checks(const RunRequest& request, noa::Responder responder);
    void run_checks(const std::vector<std::string>& names,
                    noa::sdk::Function<void(const CheckList&)> then);
    void verify(noa::Responder responder);
    [[nodiscard]] ListedCheck listed(const CheckState& state) const;
    void check_figures(Samples& into) const;
    [[nodiscard]] noa::Health check_health() const;
    void look_at_bus(const CheckSetting& setting, Settled then);

    void setup_alerts(noa::Setup& setup);
    [[nodiscard]] WallClock wall_clock() const;
    [[nodiscard]] noa::Status load_alerts();
    void keep_alerts();
    void close_alerts();
    void look_at_alerts();
    void tell(const Notice& notice);
    [[nodiscard]] AlertList list_alerts(const AlertsRequest& request) const;
    [[nodiscard]] noa::Result<SilenceName> silence(const SilenceRequest& request);
    [[nodiscard]] noa::Status unsilence(const SilenceName& request);
    void set_channels(const std::vector<ChannelSetting>& settings);
    void open_channels(std::map<std::string, std::vector<Alert>> waiting);
    void close_channels();
    void deliver(Channel& channel);
    void deliver_message(Channel& channel, Notice notice, const std::string& body);
    void ended(Channel& channel, const Notice& notice, const noa::Status& outcome);
    [[nodiscard]] noa::Json list_channels() const;
    [[nodiscard]] noa::Health channel_health() const;
    [[nodiscard]] WaitingAlerts waiting_alerts() const;
    void try_alerts(const TrialRequest& request, noa::Responder responder);

    // heal.cpp
    void ask_for_healing(const HealSetting& setting, const std::string& target,
                         const std::string& by);
    void heal_after(const Notice& notice);

    // days.cpp
    [[nodiscard]] noa::Status open_days();
    void take_days();
    void close_days();
    void write_day();
    void query_days(const QueryRequest& request, noa::Responder responder);
    [[nodiscard]] static noa::Result<QueryReply>
    both(noa::Result<QueryReply> memory, const History& history, const std::string& name);
    [[nodiscard]] noa::Health days_health() const;

    // traces.cpp
    void setup_traces(noa::Setup& setup);
    [[nodiscard]] noa::Status start_traces();
    void ask_spans();
    void take_spans(const noa::Result<SpanPage>& page);
    void post_spans();
    void spans_posted(const noa::Result<Posted>& outcome);
    [[nodiscard]] noa::Health traces_health() const;
    void save_traces(noa::StateWriter& state) const;
    void restore_traces(noa::StateReader& state);

    // CheckPort
    [[nodiscard]] noa::Time check_now() const override;
    noa::sdk::TimerId later(noa::Duration delay, noa::sdk::Function<void()> run) override;
    void forget(noa::sdk::TimerId timer) override;
    void resolve(const Endpoint& endpoint, noa::Duration timeout, Resolved then) override;
    void look(const CheckSetting& setting, Settled then) override;
    void changed(const CheckSetting& setting, const Verdict& verdict) override;

    Settings settings_;
    SeriesRing ring_;
    std::optional<Round> round_;
    std::uint64_t round_number_ = 0;
    bool hastened_ = false; // since the last round of the interval
    std::uint64_t pid_ = 0; // noad's, once it has told
    noa::Duration took_{0};
    noa::Sockets sockets_;
    Checks checks_{*this, sockets_};
    Alerts alerts_;
    std::vector<std::unique_ptr<Channel>> channels_;
    std::string record_path_;
    noa::BackupHooks backup_;
    std::string record_fault_; // why what is known of alerts is not on the disk; or ""
    bool writing_ = false;
    bool write_again_ = false;
    std::string days_fault_; // why figures are not on the disk; or ""
    noa::Time wrote_day_{};
    bool writing_day_ = false;
    noa::Counter days_written_;
    noa::Counter days_failed_;
    std::stop_source leaving_;      // reads of the disk, when the generation ends
    std::set<std::string> healing_; // targets that the host was asked about
    noa::Counter healed_;
    noa::Counter heal_failed_;
    SpanExport export_;
    noa::Counter told_;
    noa::Counter rounds_;
    noa::Counter late_;
    noa::Counter unanswered_;
    // It goes first: what its thread hands back refers to the rest.
    std::unique_ptr<noa::Worker<DayFiles>> days_;
};

} // namespace monitor
