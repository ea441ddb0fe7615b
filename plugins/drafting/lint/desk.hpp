// What looks at texts for the agent, on a thread of its own: rules, dictionaries, and documents
// that are looked at again.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "document.hpp"
#include "language_tool.hpp"
#include "noa/sdk/json_value.hpp"

namespace drafting::lint {

struct DeskPlan {
    prose::LanguagePaths paths;
    bool plain_english = true;
    std::vector<std::string> rules; // files, for every text
    std::map<std::string, std::vector<std::string>> rules_by_type;
};

struct Subject {
    std::string key; // of a draft; "": it is not looked at again
    std::string type;
    std::string text;
    Format format = Format::markdown;
    std::set<std::string, std::less<>> words; // right in it
};

// Rules of a type and dictionaries are read when they are first wanted: up to 30 MiB. Of documents
// it keeps what it found: 16 of them, of 16 MiB of text together. One thread at a time.
class Desk {
public:
    explicit Desk(DeskPlan plan);
    ~Desk();
    Desk(Desk&&) noexcept;
    Desk& operator=(Desk&&) noexcept;

    using Json = noa::sdk::Json;
    using Answer = noa::sdk::Result<Json>;
    using GoOn = std::function<bool()>; // false: stop looking for near words

    // {"counts", "readability", "tone", "keywords", "headings", "findings": {category: count}}
    [[nodiscard]] Json analyse(Subject subject);
    // {"findings", "leaves", "checked", "cut"}
    [[nodiscard]] Json findings(Subject subject, bool near, const GoOn& go_on);
    [[nodiscard]] Json suggestions(Subject subject, std::size_t most, const GoOn& go_on);
    // {"words": [{"text", "begin", "end", "stem", "part", "syllables", "sentence", "stop"}]}
    [[nodiscard]] Json words(Subject subject, std::size_t most);
    // {"words", "phrases"}: 0 to 1
    [[nodiscard]] Json similarity(const Subject& one, const Subject& other);
    // {"meanings": [{"part", "words"}]}; NOT_FOUND without a thesaurus.
    [[nodiscard]] Answer synonyms(const std::string& word);
    // LanguageTool's /v2/check.
    [[nodiscard]] Answer check(const Form& form, const GoOn& go_on);

    // What could not be read, in words; each once.
    [[nodiscard]] std::vector<std::string> faults() const;

private:
    struct Kept;
    struct Tools;

    [[nodiscard]] const style::Rules& rules_of(const std::string& type);
    [[nodiscard]] Report look(Subject& subject);
    void make_room(std::size_t bytes);

    std::unique_ptr<Tools> tools_;
};

} // namespace drafting::lint
