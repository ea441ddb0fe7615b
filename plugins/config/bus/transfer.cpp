// All documents at once: {"base": {"app": {…}}, "_schema": {"app": {…}}}.
#include <algorithm>
#include <utility>

#include "agent.hpp"

namespace config {

namespace {

using noa::Json;

constexpr std::size_t most_documents = 1000; // of one import

bool may_be_imported(const std::string& layer) {
    return is_name(layer) || layer == schema_layer || layer == template_layer ||
           layer == policy_layer;
}

} // namespace

void Config::set_up_transfer(noa::Setup& setup) {
    setup.operation("export", "All documents, schemas, templates and policies",
                    [this](const ExportRequest& request) { return export_all(request); });
    setup.operation(
        "import", "What export gave, in one transaction",
        [this](const ImportRequest& request, const noa::Request& message,
               noa::Responder responder) { import(request, message, std::move(responder)); });
}

Config::Body Config::export_all(const ExportRequest& request) {
    Json out = Json::object();
    for (const auto& [key, document] : tables_.all()) {
        if (!document->deleted && (!request.layer || *request.layer == key.layer)) {
            out[key.layer][key.name] = document->value;
        }
    }
    return noa::json_body(Json{{"documents", std::move(out)}, {"revision", tables_.revision()}});
}

void Config::import(const ImportRequest& request, const noa::Request& message,
                    noa::Responder responder) {
    auto write = std::make_unique<Write>(
        Write{.edits = {},
              .cause = cause_of(message, request.author, request.reason, "import"),
              .dry_run = request.dry_run,
              .transaction = true,
              .responder = std::move(responder),
              .approved = {}});
    const auto refuse_it = [&](const std::string& why) { refuse(*write, noa::invalid(why)); };
    if (!request.documents.is_object()) {
        return refuse_it("/documents: expected an object");
    }
    for (const auto& [layer, documents] : request.documents.items()) {
        if (!may_be_imported(layer) || !documents.is_object()) {
            return refuse_it("/documents/" + layer.substr(0, longest_name) +
                             ": expected a layer's name and an object");
        }
        for (const auto& [name, value] : documents.items()) {
            Edit edit;
            edit.key = {name, layer};
            edit.value = value;
            write->edits.push_back(std::move(edit));
        }
        for (const auto& [key, document] : tables_.all()) {
            if (request.replace && key.layer == layer && !document->deleted &&
                !documents.contains(key.name)) {
                Edit edit;
                edit.kind = Edit::Kind::unset;
                edit.key = key;
                write->edits.push_back(std::move(edit));
            }
        }
    }
    if (write->edits.empty() || write->edits.size() > most_documents) {
        return refuse_it("/documents: expected 1 to 1000 documents");
    }
    begin(std::move(write), message);
}

} // namespace config
