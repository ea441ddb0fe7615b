// What is answered from memory.
#include <utility>

#include "../store/edit.hpp"
#include "agent.hpp"

namespace config {

namespace {

using noa::Json;

constexpr std::size_t most_memos = 4096;

noa::OwnedBody json_reply(std::string text) {
    return {std::move(text), noa::sdk::json_content_type};
}

const noa::OwnedBody& nothing() {
    static const noa::OwnedBody body{R"({"found":false})", noa::sdk::json_content_type};
    return body;
}

} // namespace

void Config::set_up_reads(noa::Setup& setup) {
    setup.operation("get", "A document as an environment sees it, or one layer of it",
                    [this](const GetRequest& request) { return get(request); });
    setup.operation("list", "The documents, without their values",
                    [this](const ListRequest& request) { return list(request); });
    setup.operation("explain", "Each value of a document, and where it comes from",
                    [this](const ExplainRequest& request) { return explain(request); });
    setup.operation("template.render", "A template with parameters filled in",
                    [this](const RenderRequest& request) { return render(request); });
    setup.operation("stats", "What is kept, and how it did", [this] { return stats(); });
}

Config::Body Config::get(const GetRequest& request) {
    if (request.layer) {
        return is_reserved(*request.layer) ? Body(noa::invalid("/layer: begins with _"))
                                           : one_layer(request);
    }
    const auto memo = effective(request.name, environment_of(request.environment));
    if (!memo) {
        return memo.error().status == NOA_E_NOT_FOUND ? Body(nothing()) : Body(memo.error());
    }
    if (!request.pointer || request.pointer->empty()) {
        return json_reply((*memo)->text);
    }
    const Json* value = value_at((*memo)->value, *request.pointer);
    return value != nullptr ? json_reply(R"({"found":true,"value":)" + noa::json_text(*value) + "}")
                            : nothing();
}

Config::Body Config::one_layer(const GetRequest& request) {
    const DocumentPtr document = tables_.find({request.name, *request.layer});
    const Json* value =
        document ? value_at(document->value, request.pointer.value_or("")) : nullptr;
    if (value == nullptr) {
        return nothing();
    }
    Json reply{{"found", true},
               {"version", document->version},
               {"revision", document->revision},
               {"updated_at", document->updated_at},
               {"updated_by", document->updated_by},
               {"reason", document->reason}};
    reply["value"] = *value;
    return noa::json_body(reply);
}

noa::Result<const Config::Memo*> Config::effective(const std::string& name,
                                                   const std::string& environment) {
    const auto found = memos_.find({name, environment});
    if (found != memos_.end() && now() - found->second.at < settings_.cache_ttl) {
        hits_.add();
        return &found->second;
    }
    misses_.add();
    const Find find = committed();
    Effective maker(find, plan_limits_.effective);
    auto value = maker.value(name, environment);
    if (!value) {
        return std::move(value).error();
    }
    Json layers = Json::array();
    Revision revision = 0;
    for (const DocumentPtr& document : maker.documents(name, environment)) {
        layers.push_back({{"layer", document->key.layer}, {"version", document->version}});
        revision = std::max(revision, document->revision);
    }
    Memo memo{*std::move(value), {}, now()};
    memo.text = R"({"found":true,"environment":)" + noa::json_text(Json(environment)) +
                R"(,"layers":)" + noa::json_text(layers) + R"(,"revision":)" +
                std::to_string(revision) + R"(,"value":)" + noa::json_text(memo.value) + "}";
    if (memos_.size() >= most_memos) {
        memos_.clear();
    }
    return &(memos_[{name, environment}] = std::move(memo));
}

Config::Body Config::list(const ListRequest& request) {
    Json all = Json::array();
    for (const auto& [key, document] : tables_.all()) {
        if (document->deleted || (is_reserved(key.layer) && request.layer != key.layer) ||
            (request.layer && *request.layer != key.layer) ||
            (request.prefix && !key.name.starts_with(*request.prefix))) {
            continue;
        }
        all.push_back({{"name", key.name},
                       {"layer", key.layer},
                       {"version", document->version},
                       {"revision", document->revision},
                       {"bytes", document->text.size()},
                       {"updated_at", document->updated_at},
                       {"updated_by", document->updated_by}});
    }
    return noa::json_body(Json{{"documents", std::move(all)},
                               {"revision", tables_.revision()},
                               {"environment", settings_.environment}});
}

Config::Body Config::explain(const ExplainRequest& request) {
    const std::string environment = environment_of(request.environment);
    const Find find = committed();
    const auto documents =
        Effective(find, plan_limits_.effective).documents(request.name, environment);
    if (documents.empty()) {
        return noa::not_found("no document " + request.name + " in " + environment);
    }
    Json values = Json::array();
    for (const Provenance& one : provenance(documents)) {
        values.push_back({{"pointer", one.pointer},
                          {"value", one.value},
                          {"layer", one.from->key.layer},
                          {"version", one.from->version},
                          {"revision", one.from->revision},
                          {"at", one.from->updated_at},
                          {"author", one.from->updated_by},
                          {"reason", one.from->reason}});
    }
    return noa::json_body(
        Json{{"name", request.name}, {"environment", environment}, {"values", std::move(values)}});
}

Config::Body Config::render(const RenderRequest& request) {
    const Find find = committed();
    auto value = Effective(find, plan_limits_.effective)
                     .rendered(request.name, request.with.value_or(Json::object()));
    return value ? Body(noa::json_body(Json{{"value", *std::move(value)}})) : Body(value.error());
}

Config::Body Config::stats() {
    const auto looks = static_cast<double>(hits_.value() + misses_.value());
    Json out{{"revision", tables_.revision()},
             {"compacted", compacted_},
             {"documents", tables_.all().size()},
             {"bytes", tables_.bytes()},
             {"changes", changes_.value()},
             {"commits", commits_.value()},
             {"refused", refused_.value()},
             {"watchers", waiters_.size()},
             {"hit_rate", looks > 0 ? static_cast<double>(hits_.value()) / looks : 0.0},
             {"environment", settings_.environment}};
    return noa::json_body(out);
}

} // namespace config
