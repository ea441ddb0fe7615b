#include "effective.hpp"

#include <algorithm>

#include "../store/edit.hpp"
#include "template.hpp"

namespace config {

namespace {

using noa::Json;

constexpr std::size_t deepest_fill = 16;

void collect_provenance(const Json& value, const std::string& pointer,
                        const std::vector<DocumentPtr>& documents, std::vector<Provenance>& out) {
    if (value.is_object() && !value.empty()) {
        for (const auto& [key, child] : value.items()) {
            collect_provenance(child, child_pointer(pointer, key), documents, out);
        }
        return;
    }
    for (auto at = documents.rbegin(); at != documents.rend(); ++at) {
        if (value_at((*at)->value, pointer) != nullptr) {
            out.push_back({pointer, value, *at});
            return;
        }
    }
}

} // namespace

std::vector<std::string> layers_for(std::string_view environment) {
    std::vector<std::string> layers{std::string(base_layer)};
    if (environment != base_layer && environment != host_layer && environment != override_layer) {
        layers.emplace_back(environment);
    }
    layers.emplace_back(host_layer);
    layers.emplace_back(override_layer);
    return layers;
}

std::vector<DocumentPtr> Effective::documents(const std::string& name,
                                              const std::string& environment) const {
    std::vector<DocumentPtr> found;
    for (const std::string& layer : layers_for(environment)) {
        if (DocumentPtr document = (*find_)({name, layer})) {
            found.push_back(std::move(document));
        }
    }
    return found;
}

noa::Result<Json> Effective::merged(const std::string& name, const std::string& environment) const {
    const auto all = documents(name, environment);
    if (all.empty()) {
        return noa::not_found("no document " + name + " in " + environment);
    }
    Json whole = all.front()->value;
    for (std::size_t at = 1; at < all.size(); ++at) {
        whole.merge_patch(all[at]->value);
    }
    return whole;
}

noa::Result<Json> Effective::value(const std::string& name, const std::string& environment) {
    environment_ = environment;
    auto whole = merged(name, environment);
    if (!whole) {
        return whole;
    }
    if (noa::Status entered = enter(name, ""); !entered) {
        return std::move(entered).error();
    }
    auto out = filled(*whole, "");
    open_.pop_back();
    return out;
}

noa::Status Effective::enter(std::string what, const std::string& where) {
    if (auto open = std::ranges::find(open_, what); open != open_.end()) {
        std::string path;
        for (; open != open_.end(); ++open) {
            path.append(*open).append(" → ");
        }
        return noa::invalid((where.empty() ? "/" : where) +
                            ": leads back to itself: " + path.append(what));
    }
    if (open_.size() >= deepest_fill) {
        return noa::invalid(where + ": more than 16 references deep");
    }
    open_.push_back(std::move(what));
    return {};
}

noa::Status Effective::spend(std::size_t bytes, const std::string& where) {
    spent_ += bytes;
    return spent_ <= limits_.bytes
               ? noa::Status()
               : noa::too_large(where +
                                ": what references and templates make of it is larger than " +
                                std::to_string(limits_.bytes) + " bytes");
}

noa::Result<Json> Effective::filled(const Json& value, const std::string& where) {
    if (const std::string* reference = sole_text(value, "$config")) {
        return referred_value(*reference, where);
    }
    if (value.is_object() && value.contains("$template")) {
        const bool only = value.size() == (value.contains("with") ? 2U : 1U);
        if (!only || !value["$template"].is_string()) {
            return noa::invalid(where + R"(: expected {"$template": name, "with": {…}})");
        }
        auto made = rendered(value["$template"].get_ref<const std::string&>(),
                             value.value("with", Json::object()));
        if (!made) {
            made.error().text.insert(0, where + ": ");
        }
        return made;
    }
    if (!value.is_structured()) {
        return value;
    }
    Json out = value.is_array() ? Json::array() : Json::object();
    for (std::size_t index = 0; const auto& [key, child] : value.items()) {
        auto part =
            filled(child, child_pointer(where, value.is_array() ? std::to_string(index++) : key));
        if (!part) {
            return part;
        }
        if (value.is_array()) {
            out.push_back(*std::move(part));
        } else {
            out[key] = *std::move(part);
        }
    }
    return out;
}

noa::Result<Json> Effective::referred_value(const std::string& reference,
                                            const std::string& where) {
    const auto hash = reference.find('#');
    const std::string name = reference.substr(0, hash);
    const std::string pointer = hash == std::string::npos ? "" : reference.substr(hash + 1);
    if (!is_name(name)) {
        return noa::invalid(where + ": expected \"$config\": \"name#/pointer\"");
    }
    auto whole = merged(name, environment_);
    if (!whole) {
        return noa::invalid(where + ": refers to " + reference + ": " + whole.error().text);
    }
    const Json* target = value_at(*whole, pointer);
    if (target == nullptr) {
        return noa::invalid(where + ": refers to " + reference + ": nothing is there");
    }
    if (noa::Status paid = spend(weight(*target, limits_.bytes), where); !paid) {
        return std::move(paid).error();
    }
    if (noa::Status entered = enter(name, where); !entered) {
        return std::move(entered).error();
    }
    auto out = filled(*target, where);
    open_.pop_back();
    return out;
}

noa::Result<Json> Effective::rendered(const std::string& name, const Json& with) {
    const DocumentPtr found = (*find_)({name, std::string(template_layer)});
    if (found == nullptr) {
        return noa::not_found("no template " + name);
    }
    auto parameters = parameters_of(found->value, with);
    if (!parameters) {
        return noa::invalid("template " + name + ": " + parameters.error().text);
    }
    Json body = found->value["value"];
    std::size_t bytes = 0;
    if (!put_parameters(body, *parameters, limits_.bytes - std::min(spent_, limits_.bytes),
                        bytes)) {
        return noa::too_large("template " + name + ": grows too large");
    }
    if (noa::Status paid = spend(bytes, "template " + name); !paid) {
        return std::move(paid).error();
    }
    if (noa::Status entered = enter("template " + name, ""); !entered) {
        return std::move(entered).error();
    }
    auto out = filled(body, "");
    open_.pop_back();
    return out;
}

std::vector<Provenance> provenance(const std::vector<DocumentPtr>& documents) {
    Json whole = Json::object();
    for (const DocumentPtr& document : documents) {
        whole.merge_patch(document->value);
    }
    std::vector<Provenance> out;
    collect_provenance(whole, "", documents, out);
    return out;
}

} // namespace config
