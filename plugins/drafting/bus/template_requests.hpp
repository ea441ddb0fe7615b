// The bodies of the operations on templates.
#pragma once

#include <optional>
#include <string>

#include "requests.hpp"

namespace drafting {

struct NameRequest {
    std::string name;
    static constexpr auto fields() { return noa::fields(noa::field("name", &NameRequest::name)); }
};

struct TemplateSetRequest {
    std::string name;
    std::string content;
    std::string description;
    std::optional<noa::Json> parameters;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &TemplateSetRequest::name, "[a-z0-9_-], 63 at most"),
                           noa::field("content", &TemplateSetRequest::content,
                                      "Mustache; {{>name}} is another template"),
                           noa::optional_field("description", &TemplateSetRequest::description),
                           noa::field("parameters", &TemplateSetRequest::parameters,
                                      "{\"name\": {\"required\": true, \"default\": …}}"),
                           noa::optional_field("as", &TemplateSetRequest::as, help_as));
    }
};

struct RenderRequest {
    std::string name;
    std::optional<noa::Json> parameters;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &RenderRequest::name),
                           noa::field("parameters", &RenderRequest::parameters, "an object"));
    }
};

} // namespace drafting
