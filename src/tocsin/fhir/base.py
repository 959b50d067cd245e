"""What every FHIR R4 element keeps to: primitive types as the specification writes them, nothing unknown, nothing empty.

Source of types and patterns: HL7 FHIR R4 (4.0.1), https://hl7.org/fhir/R4/datatypes.html and /json.html, released as CC0.
"""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Self, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

DATE = r"^([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1]))?)?$"
DATE_TIME = (
    r"^([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1])(T([01][0-9]|2[0-3]):[0-5][0-9]:"
    r"([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?$"
)
INSTANT = (
    r"^([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[1-2][0-9]|3[0-1])T([01][0-9]|2[0-3]):[0-5][0-9]:"
    r"([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))$"
)
TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?$"
ID = r"^[A-Za-z0-9\-\.]{1,64}$"
CODE = r"^[^\s]+(\s[^\s]+)*$"
URI = r"^\S*$"
NESTED = 40
"""How deep what is contained may be nested."""


def maybe() -> Any:
    """An element that may be left out. Given, it must have a value: FHIR has no null."""
    return Field(default=None)


def _a_day(word: str) -> str:
    if len(word) >= 10:
        try:
            date.fromisoformat(word[:10])
        except ValueError:
            raise PydanticCustomError("day", "'{word}' is no day of the calendar", {"word": word[:10]}) from None
    return word


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("number", "must be a number, without quotation marks")
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("whole", "must be a whole number, without quotation marks")
    return value


def _not_blank(word: str) -> str:
    if not word.strip() or "\0" in word:
        raise PydanticCustomError("blank", "must hold a character that can be seen, and none that is null")
    return word


Boolean = StrictBool
Integer = Annotated[int, BeforeValidator(_whole), Field(ge=-(2**31), lt=2**31)]
UnsignedInt = Annotated[int, BeforeValidator(_whole), Field(ge=0, lt=2**31)]
PositiveInt = Annotated[int, BeforeValidator(_whole), Field(ge=1, lt=2**31)]
Number = Annotated[Decimal, BeforeValidator(_number), Field(allow_inf_nan=False)]
String = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1024 * 1024), AfterValidator(_not_blank)]
Uri = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000, pattern=URI)]
Code = Annotated[str, StringConstraints(strict=True, max_length=500, pattern=CODE)]
Id = Annotated[str, StringConstraints(strict=True, pattern=ID)]
Date = Annotated[str, StringConstraints(strict=True, pattern=DATE), AfterValidator(_a_day)]
DateTime = Annotated[str, StringConstraints(strict=True, pattern=DATE_TIME), AfterValidator(_a_day)]
Instant = Annotated[str, StringConstraints(strict=True, pattern=INSTANT), AfterValidator(_a_day)]
Time = Annotated[str, StringConstraints(strict=True, pattern=TIME)]


class Base(BaseModel):
    """Base of elements and resources: what is unknown is refused, and what stands beside a primitive ('_date') is kept as it came."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="after")
    def _knows_all(self) -> Self:
        for name, beside in (self.model_extra or {}).items():
            if not (name.startswith("_") and name[1:] in _primitives(type(self))):
                raise PydanticCustomError("unknown", "there is no element '{name}' here", {"name": name[:100], "at": name[:100]})
            for one in beside if isinstance(beside, list) else [beside]:
                _beside(name, one)
        if not self.model_fields_set - {"resourceType"}:
            raise PydanticCustomError("empty", "an element must hold something")
        return self

    def out(self) -> dict[str, Any]:
        """As JSON has it, without what was left out."""
        return self.model_dump(exclude_unset=True)


class Element(Base):
    """Base of all elements."""

    id: String = maybe()
    extension: Annotated[list["Extension"], Field(min_length=1)] = maybe()


class Extension(Element):
    """What a profile adds. Exactly one of a value and further extensions."""

    url: Uri
    valueBase64Binary: String = maybe()
    valueBoolean: Boolean = maybe()
    valueCanonical: Uri = maybe()
    valueCode: Code = maybe()
    valueDate: Date = maybe()
    valueDateTime: DateTime = maybe()
    valueDecimal: Number = maybe()
    valueId: Id = maybe()
    valueInstant: Instant = maybe()
    valueInteger: Integer = maybe()
    valueMarkdown: String = maybe()
    valueOid: Uri = maybe()
    valuePositiveInt: PositiveInt = maybe()
    valueString: String = maybe()
    valueTime: Time = maybe()
    valueUnsignedInt: UnsignedInt = maybe()
    valueUri: Uri = maybe()
    valueUrl: Uri = maybe()
    valueUuid: Uri = maybe()
    valueAddress: "Unread" = maybe()
    valueAge: "Unread" = maybe()
    valueAnnotation: "Unread" = maybe()
    valueAttachment: "Unread" = maybe()
    valueCodeableConcept: "CodeableConcept" = maybe()
    valueCoding: "Coding" = maybe()
    valueContactPoint: "Unread" = maybe()
    valueCount: "Unread" = maybe()
    valueDistance: "Unread" = maybe()
    valueDuration: "Unread" = maybe()
    valueHumanName: "Unread" = maybe()
    valueIdentifier: "Identifier" = maybe()
    valueMoney: "Unread" = maybe()
    valuePeriod: "Period" = maybe()
    valueQuantity: "Quantity" = maybe()
    valueRange: "Unread" = maybe()
    valueRatio: "Unread" = maybe()
    valueReference: "Reference" = maybe()
    valueSampledData: "Unread" = maybe()
    valueSignature: "Unread" = maybe()
    valueTiming: "Unread" = maybe()
    valueContactDetail: "Unread" = maybe()
    valueContributor: "Unread" = maybe()
    valueDataRequirement: "Unread" = maybe()
    valueExpression: "Unread" = maybe()
    valueParameterDefinition: "Unread" = maybe()
    valueRelatedArtifact: "Unread" = maybe()
    valueTriggerDefinition: "Unread" = maybe()
    valueUsageContext: "Unread" = maybe()
    valueDosage: "Unread" = maybe()
    valueMeta: "Unread" = maybe()

    @model_validator(mode="after")
    def _one(self) -> Self:
        # a value may be missing with a reason beside it ('_valueCode')
        given = {n.removeprefix("_") for n in self.model_fields_set if n.removeprefix("_").startswith("value")}
        if len(given) + bool(self.extension) != 1:
            raise PydanticCustomError("ext-1", "an extension holds one value, or further extensions, and not both")
        return self

    def value(self) -> Any:
        """The value of whichever type; None where it holds further extensions."""
        return next((v for n, v in self if n.startswith("value") and v is not None), None)


class Coding(Element):
    system: Uri = maybe()
    version: String = maybe()
    code: Code = maybe()
    display: String = maybe()
    userSelected: Boolean = maybe()


class CodeableConcept(Element):
    coding: Annotated[list[Coding], Field(min_length=1)] = maybe()
    text: String = maybe()

    def codes(self, system: str | None = None) -> list[str]:
        """Codes of one system, or of all."""
        return [c.code for c in self.coding or [] if c.code and system in (None, c.system)]


class Period(Element):
    start: DateTime = maybe()
    end: DateTime = maybe()


class Identifier(Element):
    use: Code = maybe()
    type: CodeableConcept = maybe()
    system: Uri = maybe()
    value: String = maybe()
    period: Period = maybe()
    assigner: "Reference" = maybe()


class Reference(Element):
    reference: String = maybe()
    type: Uri = maybe()
    identifier: Identifier = maybe()
    display: String = maybe()


class Quantity(Element):
    value: Number = maybe()
    comparator: Code = maybe()
    unit: String = maybe()
    system: Uri = maybe()
    code: Code = maybe()


def _beside(name: str, value: Any) -> None:
    """What stands beside a primitive is an element of its own, or null in a list where one has nothing beside it."""
    if value is not None and (not isinstance(value, dict) or not value or not set(value) <= {"id", "extension"}):
        raise PydanticCustomError("beside", "'{name}' must hold an id or extensions", {"name": name[:100], "at": name[:100]})
    if value is not None:
        Beside.model_validate(value)


class Beside(Element):
    """What stands beside a primitive."""


def _shallow(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        raise PydanticCustomError("object", "must be an object with something in it")
    if _deeper(value, NESTED):
        raise PydanticCustomError("deep", "is nested deeper than {limit} levels", {"limit": NESTED})
    return value


def _deeper(value: Any, left: int) -> bool:
    if left == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_deeper(v, left - 1) for v in inner)


Unread = Annotated[dict[str, Any], BeforeValidator(_shallow)]
"""A value that Tocsin keeps and gives back, and does not look into."""


@cache
def _primitives(model: type[Base]) -> frozenset[str]:
    return frozenset(n for n, f in model.model_fields.items() if n not in ("id", "div", "resourceType") and _primitive(f.annotation))


def _primitive(annotation: Any) -> bool:
    inner = get_args(annotation)[0] if get_origin(annotation) is list else annotation
    inner = get_args(inner)[0] if get_origin(inner) is Annotated else inner
    return get_origin(inner) is Literal or inner in (bool, int, str, Decimal)


for _model in (Element, Extension, Coding, CodeableConcept, Period, Identifier, Reference, Quantity, Beside):
    _model.model_rebuild()
