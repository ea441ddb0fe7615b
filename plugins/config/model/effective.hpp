// What an agent gets to see: the layers of a name over one another, references and templates
// filled in. Bounded; cycles are errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tables.hpp"

namespace config {

// base, the environment, host, override: each over the one before, by JSON Merge Patch (RFC 7386):
// objects key by key, null takes a key away, anything else as a whole.
[[nodiscard]] std::vector<std::string> layers_for(std::string_view environment);

struct EffectiveLimits {
    std::size_t bytes = std::size_t{4} << 20U; // of what comes of one document
};

class Effective {
public:
    Effective(const Find& find, const EffectiveLimits& limits) : find_(&find), limits_(limits) {}

    // NOT_FOUND when no layer has it; INVALID, with the pointer, when it cannot be filled in.
    [[nodiscard]] noa::Result<noa::Json> value(const std::string& name,
                                               const std::string& environment);
    // The documents that it is made of, the lowest first.
    [[nodiscard]] std::vector<DocumentPtr> documents(const std::string& name,
                                                     const std::string& environment) const;
    // A template with parameters filled in: what `{"$template": name, "with": with}` becomes.
    [[nodiscard]] noa::Result<noa::Json> rendered(const std::string& name, const noa::Json& with);

private:
    noa::Result<noa::Json> merged(const std::string& name, const std::string& environment) const;
    noa::Result<noa::Json> filled(const noa::Json& value, const std::string& where);
    noa::Result<noa::Json> referred_value(const std::string& reference, const std::string& where);
    noa::Status enter(std::string what, const std::string& where);
    noa::Status spend(std::size_t bytes, const std::string& where);

    const Find* find_;
    EffectiveLimits limits_;
    std::string environment_;
    std::vector<std::string> open_; // documents and templates being filled in
    std::size_t spent_ = 0;
};

struct Provenance {
    std::string pointer;
    noa::Json value;
    DocumentPtr from;
};

// Every value of the merged layers, arrays as one, and the document that it is from. References
// and templates are shown as they are written.
[[nodiscard]] std::vector<Provenance> provenance(const std::vector<DocumentPtr>& documents);

// What is wrong with a template, in words; empty: it is sound. {"parameters": {"size": {"default":
// 1}}, "value": …}: a text that is "${size}" becomes the parameter, in a longer text it is put in.
[[nodiscard]] std::string fault_of_template(const noa::Json& text);

} // namespace config
