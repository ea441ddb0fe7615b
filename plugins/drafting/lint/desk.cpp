#include "desk.hpp"

#include <algorithm>
#include <fstream>

#include "../analysis/topics.hpp"
#include "../analysis/utf.hpp"
#include "../style/toml_text.hpp"
#include "report.hpp"

namespace drafting::lint {

using noa::sdk::Json;

struct Desk::Kept {
    std::string key;
    std::string type;
    std::size_t bytes = 0;
    Document document;
};

struct Desk::Tools {
    explicit Tools(DeskPlan planned) : plan(std::move(planned)), language(plan.paths) {}

    DeskPlan plan;
    prose::Language language;
    std::map<std::string, std::unique_ptr<style::Rules>> rules; // by type, of those in the plan
    std::list<Kept> kept;                                       // the last used first
    std::set<std::string> faults;
};

Desk::Desk(DeskPlan plan) : tools_(std::make_unique<Tools>(std::move(plan))) {}
Desk::~Desk() = default;
Desk::Desk(Desk&&) noexcept = default;
Desk& Desk::operator=(Desk&&) noexcept = default;

namespace {

constexpr std::size_t most_kept = 16;
constexpr std::size_t most_kept_bytes = 16U << 20U;
constexpr std::size_t most_keywords = 20;
constexpr std::size_t most_headings = 1'000;
constexpr std::size_t most_near = 50; // words, of one request

std::string read_rules_file(const std::string& path, std::string& fault) {
    std::ifstream file(path, std::ios::binary);
    std::string text(style::largest_rule_file + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    if (!file.is_open() || file.bad()) {
        fault = "rules " + path + " cannot be read";
    }
    return text;
}

Json headings_of(const std::string& text, Format format, const prose::Places& places) {
    Json list = Json::array();
    const prose::Source source(text, format);
    for (std::size_t leaf = 0; leaf < source.leaves().size() && list.size() < most_headings;
         ++leaf) {
        if ((source.leaves()[leaf].kind & 0xFU) == 0) {
            continue;
        }
        for (const prose::Block& block : source.blocks(leaf)) {
            if (block.kind == prose::BlockKind::heading) {
                list.push_back({{"level", block.level},
                                {"text", block.prose},
                                {"begin", places.utf16(source.leaves()[leaf].begin)}});
            }
        }
    }
    return list;
}

} // namespace

const style::Rules& Desk::rules_of(const std::string& type) {
    const auto own = tools_->plan.rules_by_type.find(type);
    const bool has_own = own != tools_->plan.rules_by_type.end();
    auto& rules = tools_->rules[has_own ? type : std::string()];
    if (rules) {
        return *rules;
    }
    rules = std::make_unique<style::Rules>();
    if (tools_->plan.plain_english) {
        if (auto added = rules->add(style::plain_english(), "plain-english"); !added) {
            tools_->faults.insert(added.error().text);
        }
    }
    std::vector<std::string> paths = tools_->plan.rules;
    if (has_own) {
        paths.insert(paths.end(), own->second.begin(), own->second.end());
    }
    for (const std::string& path : paths) {
        std::string fault;
        const std::string text = read_rules_file(path, fault);
        if (fault.empty()) {
            if (auto added = rules->add(text, path); !added) {
                fault = added.error().text;
            }
        }
        if (!fault.empty()) {
            tools_->faults.insert(std::move(fault));
        }
    }
    return *rules;
}

void Desk::make_room(std::size_t bytes) {
    auto& kept = tools_->kept;
    std::size_t all = bytes;
    for (const Kept& one : kept) {
        all += one.bytes;
    }
    while (!kept.empty() && (kept.size() >= most_kept || all > most_kept_bytes)) {
        all -= kept.back().bytes;
        kept.pop_back();
    }
}

Report Desk::look(Subject& subject) {
    if (!prose::is_utf8(subject.text)) {
        subject.text = prose::mended(std::move(subject.text));
    }
    const style::Rules& rules = rules_of(subject.type);
    auto& kept = tools_->kept;
    const auto found = std::ranges::find_if(kept, [&subject](const Kept& one) {
        return one.key == subject.key && one.type == subject.type;
    });
    if (subject.key.empty() || subject.format != Format::markdown ||
        subject.text.size() > most_kept_bytes / 2) {
        if (found != kept.end()) {
            kept.erase(found);
        }
        Document document(rules, tools_->language, subject.format, Document::Keep::no);
        document.allow(std::move(subject.words));
        return document.check(subject.text);
    }
    if (found != kept.end()) {
        kept.splice(kept.begin(), kept, found);
        kept.front().bytes = subject.text.size();
    } else {
        make_room(subject.text.size());
        kept.push_front({subject.key, subject.type, subject.text.size(),
                         Document(rules, tools_->language, Format::markdown)});
    }
    Document& document = kept.front().document;
    document.allow(std::move(subject.words));
    return document.check(subject.text);
}

Json Desk::analyse(Subject subject) {
    const Report report = look(subject);
    const prose::Places places(subject.text);
    Json by_category = Json::object();
    for (const Finding& finding : report.findings) {
        auto& count = by_category[std::string(finding.category)];
        count = count.is_null() ? 1 : count.get<int>() + 1;
    }
    Json words = Json::array();
    for (const auto& keyword :
         prose::keywords(subject.text, subject.format, tools_->language, most_keywords)) {
        words.push_back(
            {{"word", keyword.word}, {"count", keyword.count}, {"share", keyword.share}});
    }
    return {{"counts", counts_json(report.counts)},
            {"readability", readability_json(report.counts)},
            {"tone", tone_json(report.counts)},
            {"keywords", std::move(words)},
            {"headings", headings_of(subject.text, subject.format, places)},
            {"findings", std::move(by_category)}};
}

Json Desk::findings(Subject subject, bool near, const GoOn& go_on) {
    Report report = look(subject);
    if (near) {
        suggest_spellings(report, subject.text, tools_->language, most_near, go_on);
    }
    return {{"findings", findings_json(report, prose::Places(subject.text))},
            {"leaves", report.leaves},
            {"checked", report.checked},
            {"cut", report.cut}};
}

Json Desk::suggestions(Subject subject, std::size_t most, const GoOn& go_on) {
    Report report = look(subject);
    suggest_spellings(report, subject.text, tools_->language, most_near, go_on);
    return {{"suggestions",
             lint::suggestions(report, subject.text, prose::Places(subject.text), most)}};
}

Json Desk::words(Subject subject, std::size_t most) {
    if (!prose::is_utf8(subject.text)) {
        subject.text = prose::mended(std::move(subject.text));
    }
    const prose::Places places(subject.text);
    Json list = Json::array();
    for (const auto& word : prose::words_of(subject.text, subject.format, tools_->language, most)) {
        list.push_back({{"text", subject.text.substr(word.begin, word.end - word.begin)},
                        {"begin", places.utf16(word.begin)},
                        {"end", places.utf16(word.end)},
                        {"stem", word.stem},
                        {"part", word.part},
                        {"syllables", word.syllables},
                        {"sentence", word.sentence},
                        {"stop", word.stop}});
    }
    return {{"words", std::move(list)}};
}

Json Desk::similarity(const Subject& one, const Subject& other) {
    const auto alike = prose::similarity(one.text, other.text, one.format, tools_->language);
    return {{"words", alike.words}, {"phrases", alike.phrases}};
}

Desk::Answer Desk::synonyms(const std::string& word) {
    const auto& thesaurus = tools_->language.thesaurus();
    if (!thesaurus.loaded()) {
        return noa::sdk::not_found("there is no thesaurus " + tools_->plan.paths.thesaurus +
                                   ": the package mythes-en-us has one");
    }
    const std::string lower = prose::lower(word);
    auto found = thesaurus.meanings(lower);
    if (found.empty()) {
        found = thesaurus.meanings(tools_->language.stem(lower));
    }
    Json list = Json::array();
    for (const prose::Meaning& meaning : found) {
        list.push_back({{"part", meaning.part}, {"words", meaning.words}});
    }
    return Json{{"meanings", std::move(list)}};
}

Desk::Answer Desk::check(const Form& form, const GoOn& go_on) {
    auto annotated = read_request(form);
    if (!annotated) {
        return annotated.error();
    }
    Subject subject;
    subject.text = annotated->text;
    subject.format = annotated->format;
    Report report = look(subject);
    suggest_spellings(report, annotated->text, tools_->language, most_near, go_on);
    return check_answer(form, *annotated, report);
}

std::vector<std::string> Desk::faults() const {
    std::vector<std::string> all(tools_->faults.begin(), tools_->faults.end());
    const auto& more = tools_->language.faults();
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

} // namespace drafting::lint
