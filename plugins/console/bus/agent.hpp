// The agent: looks at the host, and has it served.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "../api/figures.hpp"
#include "../api/health.hpp"
#include "../http/server.hpp"
#include "bus.hpp"
#include "ear.hpp"
#include "noa/sdk/json.hpp"
#include "noa/sdk/sockets.hpp"
#include "settings.hpp"
#include "site.hpp"
#include "snapshot.hpp"

namespace console {

class Console final : public noa::Agent, public Bus {
public:
    static constexpr noa::PluginInfo info{
        .id = "console",
        .version = "1.0.0",
        .description =
            "The host over HTTP: health, figures, what happens, and a page that shows it",
        .settings_schema = settings_schema,
        .state_schema = 1,
        .sockets = true,
    };

    void setup(noa::Setup& setup) override;
    noa::Status start() override;
    noa::Status quiesce(noa::Time deadline) override;
    noa::Status save(noa::StateWriter& state) override;
    noa::Status restore(noa::StateReader& state) override;

    // Bus: on the server's thread.
    void ask(Question question, std::function<void(Answer)> then) override;
    void listen(const std::string& pattern, bool wanted) override;

private:
    // What is known of the host, as others told it; null: they did not.
    struct Known { // NOLINT(bugprone-exception-escape): the json type moves without throwing
        noa::Json status;
        noa::Json agents;
        noa::Json checks;
        noa::Json alerts;
    };

    void setup_figures(noa::Setup& setup);
    void setup_events(noa::Setup& setup);
    noa::Result<std::vector<http::Listening>> open_doors();
    noa::Status serve();
    void hear(const noa::Event& event);
    // A look soon, for something has changed.
    void hasten();
    void look();
    void look_at(const char* agent, const char* operation, noa::Json Known::*into);
    void look_at_figures();
    void looked();
    void take_figures(Figures now);
    [[nodiscard]] SnapshotPtr snapshot() const;
    void add_agents(Snapshot& into, const HealthView& view) const;
    void put_question(const Question& question, std::function<void(Answer)> then);

    Settings settings_;
    noa::Sockets sockets_;
    Ear ear_{[this](const noa::Event& event) { hear(event); }};
    http::Tally tally_;
    std::unique_ptr<Site> site_;
    std::unique_ptr<http::Server> server_;
    Known known_;
    Known next_;
    std::size_t awaited_ = 0; // answers of the look that is under way
    std::uint64_t look_number_ = 0;
    bool figures_wanted_ = true;
    bool hastened_ = false; // a look is to come soon
    bool again_ = false;    // as soon as the one under way is over
    Figures figures_;
    noa::Json metrics_;
    http::Text metrics_text_;
    struct Point {
        std::int64_t at; // unix time in ms
        http::Text text;
    };
    std::deque<Point> recent_;
    bool serving_ = false;
};

} // namespace console
