// What fires, since when, and what is to be told of it: rules looked at after every round.
//
// An alert is one rule with one set of labels. It is told when it fires, again after `repeat` while
// it lasts, and when it is over if its firing was told. Within the rule's cooldown it is told to
// fire once: what fires again waits for the end of it, and is not told if it is over before.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluate.hpp"
#include "rule.hpp"

namespace monitor {

enum class AlertState { pending, firing, resolved };

[[nodiscard]] std::string_view name_of(AlertState state) noexcept;

struct Alert {
    std::string rule;
    Labels labels;
    Severity severity = Severity::warning;
    AlertState state = AlertState::pending;
    double value = 0;
    std::string summary;
    noa::Time since{};     // true since then
    noa::Time last_true{}; // by the last look
    noa::Time fired{};
    noa::Time resolved{};
    bool told = false;      // that it fires
    bool ever_told = false; // of this firing or of one before
    noa::Time told_at{};    // last
    std::string silence;    // that keeps it from being told; or ""
};

struct Silence {
    std::string id;
    std::string rule; // "": any
    Labels labels;    // that an alert must have
    noa::Time until{};
    std::string comment;
};

// To be told together: alerts of one rule that begin, last or are over.
struct Notice {
    std::string rule;
    Severity severity = Severity::warning;
    bool firing = true;
    std::vector<Alert> alerts;
};

struct AlertBounds {
    std::size_t per_rule = 200;
    std::size_t alerts = 2000;
    std::size_t silences = 200;
    noa::Duration repeat = std::chrono::hours(4);
    noa::Duration remember = std::chrono::hours(1); // what is over
};

// One thread at a time.
class Alerts {
public:
    explicit Alerts(AlertBounds bounds = {}) : bounds_(bounds) {}

    // Alerts of rules that are there no more, are over at the next look.
    void set(std::vector<Rule> rules, noa::Duration repeat);

    // As of the ring's last round, which is `now`'s.
    [[nodiscard]] std::vector<Notice> look(const SeriesRing& ring, noa::Time now);

    // Every alert by rule and labels; those that are over, as long as they are remembered.
    [[nodiscard]] std::vector<const Alert*> all() const;
    [[nodiscard]] const std::vector<Rule>& rules() const noexcept { return rules_; }
    [[nodiscard]] std::size_t firing() const;
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    // NOA_E_BUSY when there are too many. Its id.
    [[nodiscard]] noa::Result<std::string> silence(Silence silence);
    // False when there is none with that id.
    bool unsilence(std::string_view id);
    [[nodiscard]] const std::vector<Silence>& silences() const noexcept { return silences_; }

    // What was kept of a former life; its rule says the severity.
    void restore(std::vector<Alert> alerts, std::vector<Silence> silences);

private:
    using Key = std::pair<std::string, Labels>;

    void look_at(const Rule& rule, const SeriesRing& ring, noa::Time now);
    [[nodiscard]] Alert* alert_of(const Rule& rule, const Labels& labels, noa::Time now);
    void is_true(const Rule& rule, Alert& alert, double value, noa::Time now);
    // False when nothing is to be remembered of it.
    [[nodiscard]] bool is_false(const Rule* rule, Alert& alert, noa::Time now) const;
    [[nodiscard]] bool make_room();
    void apply_silences(noa::Time now);
    [[nodiscard]] bool is_to_be_told(const Rule& rule, const Alert& alert, noa::Time now) const;
    [[nodiscard]] const Rule* rule_of(std::string_view name) const;
    [[nodiscard]] std::vector<Notice> tell(noa::Time now);

    AlertBounds bounds_;
    std::vector<Rule> rules_;
    std::map<Key, Alert> alerts_;
    std::vector<Silence> silences_;
    std::uint64_t silence_number_ = 0;
    std::uint64_t refused_ = 0;
};

} // namespace monitor
