// What an operator sets.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace drafting {

struct QuotaSettings {
    noa::sdk::ByteSize draft{10U << 20U};
    std::uint64_t drafts = 10'000;
    std::uint64_t author = 2'000;
    noa::sdk::ByteSize total{1U << 30U};
    noa::sdk::ByteSize open{96U << 20U};
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("draft", &QuotaSettings::draft),
                           noa::optional_field("drafts", &QuotaSettings::drafts),
                           noa::optional_field("author", &QuotaSettings::author),
                           noa::optional_field("total", &QuotaSettings::total),
                           noa::optional_field("open", &QuotaSettings::open));
    }
};

struct SessionSettings {
    std::uint64_t most = 500;
    std::uint64_t draft = 100;
    noa::Duration silent = std::chrono::minutes(1);
    std::uint64_t edits_per_second = 100;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("most", &SessionSettings::most),
            noa::optional_field("draft", &SessionSettings::draft),
            noa::optional_field("silent", &SessionSettings::silent),
            noa::optional_field("edits_per_second", &SessionSettings::edits_per_second));
    }
};

struct HistorySettings {
    noa::Duration compact = std::chrono::hours(7 * 24);
    noa::Duration step = std::chrono::minutes(10);
    noa::sdk::ByteSize size{64U << 20U};
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("compact", &HistorySettings::compact),
                           noa::optional_field("step", &HistorySettings::step),
                           noa::optional_field("size", &HistorySettings::size));
    }
};

struct LifecycleSettings {
    noa::Duration archive{0};
    noa::Duration expire{0};
    std::vector<std::string> types;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("archive", &LifecycleSettings::archive),
                           noa::optional_field("expire", &LifecycleSettings::expire),
                           noa::optional_field("types", &LifecycleSettings::types));
    }
};

struct AnalysisSettings {
    bool plain_english = true;
    std::vector<std::string> rules;
    std::map<std::string, std::vector<std::string>> type_rules;
    std::string dictionary = "/usr/share/hunspell/en_US";
    std::vector<std::string> words;
    std::string hyphenation = "/usr/share/hyphen/hyph_en_US.dic";
    std::string thesaurus = "/usr/share/mythes/th_en_US_v2";
    std::string pdf_program;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("plain_english", &AnalysisSettings::plain_english),
                           noa::optional_field("rules", &AnalysisSettings::rules),
                           noa::optional_field("type_rules", &AnalysisSettings::type_rules),
                           noa::optional_field("dictionary", &AnalysisSettings::dictionary),
                           noa::optional_field("words", &AnalysisSettings::words),
                           noa::optional_field("hyphenation", &AnalysisSettings::hyphenation),
                           noa::optional_field("thesaurus", &AnalysisSettings::thesaurus),
                           noa::optional_field("pdf_program", &AnalysisSettings::pdf_program));
    }
};

// A language model that suggests; without a URL there is none.
struct ModelSettings {
    std::string url;
    std::string name;
    std::string key; // a secret
    std::string ca;
    noa::Duration timeout = std::chrono::minutes(2);
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("url", &ModelSettings::url),
                           noa::optional_field("name", &ModelSettings::name),
                           noa::optional_field("key", &ModelSettings::key),
                           noa::optional_field("ca", &ModelSettings::ca),
                           noa::optional_field("timeout", &ModelSettings::timeout));
    }
};

struct Settings {
    noa::Duration auto_save = std::chrono::seconds(30);
    noa::Duration idle = std::chrono::minutes(5);
    QuotaSettings quotas;
    SessionSettings sessions;
    HistorySettings history;
    LifecycleSettings lifecycle;
    AnalysisSettings analysis;
    ModelSettings model;

    [[nodiscard]] noa::Status check() const;

    static constexpr auto fields() {
        return noa::fields(noa::optional_field("auto_save", &Settings::auto_save),
                           noa::optional_field("idle", &Settings::idle),
                           noa::optional_field("quotas", &Settings::quotas),
                           noa::optional_field("sessions", &Settings::sessions),
                           noa::optional_field("history", &Settings::history),
                           noa::optional_field("lifecycle", &Settings::lifecycle),
                           noa::optional_field("analysis", &Settings::analysis),
                           noa::optional_field("model", &Settings::model));
    }
};

} // namespace drafting
