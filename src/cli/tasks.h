// Requests about one task, with what a person is told where there is no such task.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/context.h"

namespace nightjar::cli {

/// "/tasks/<id>" and `rest`, for the first argument.
std::string task_path(const Context& context, std::string_view rest = "");
/// An answer that is an object. A task that does not exist is an Error(NotFound) with a suggestion.
json::object get_object_of_task(const Context& context, std::string_view rest = "");
json::value get_value_of_task(const Context& context, std::string_view rest);
std::string get_text_of_task(const Context& context, std::string_view rest);
void stream_text_of_task(const Context& context, std::string_view rest,
                         const std::function<bool(std::string_view)>& on_text);
json::object post_to_task(const Context& context, std::string_view action,
                          const json::object& body);

/// Follows the task with lines for the events since then (quietly with --json), shows how it ended;
/// 1 where it ended in failure.
int follow_and_report(const Context& context, const std::string& id, Time since = {});

}  // namespace nightjar::cli
