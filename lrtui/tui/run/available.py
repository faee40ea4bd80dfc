"""Which keys of the run screen do something now."""

from lrtui.tui.run.model import RunModel


def is_available(model: RunModel, action: str) -> bool:
    """Whether an action of the run screen does something now; what is not listed always does."""
    match action:
        case "stop":
            return model.state.can_stop
        case "again":
            return not model.state.busy and not model.driver.read_only
        case "reset":
            return not model.driver.read_only
        case "compare":
            return len(model.state.repeats) > 1 and model.state.ended is not None
        case "extend":
            return model.can_extend
        case "choose":
            return model.has_boundaries
        case "move":
            return model.pointer is not None
        case "cross" | "zoom" | "pan" | "log_y" | "line":
            return bool(model.state.repeats)
        case "adopt":
            return model.can_adopt
        case "confirm":
            return model.can_check and model.candidate is not None
        case "limit":
            return model.can_check
        case "details":
            return model.answer is not None
        case "smooth" | "trim":
            return model.has_curve
        case "leave_out":
            return model.has_curve and len(model.state.repeats) > 1
        case "as_measured":
            return model.can_undo_view
    return True
