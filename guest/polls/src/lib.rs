//! Makes a guest stoppable from outside: in every loop, and where a function that calls others begins, it looks at a
//! page of its memory that nothing else uses. A host that takes the page away stops it there.
//!
//! Whatever runs for ever comes to the beginning of a loop again and again, or enters ever new functions that call
//! others, so nothing escapes. The page is added to what the memory begins with, as its last: no compiler knows it,
//! and no allocator gives it out. The look is an atomic load, which a compiler may neither leave out nor merge with
//! another one; what it loads is dropped.

use std::fmt;
use std::ops::Range;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, Component, ComponentSectionId, CustomSection, Function, Instruction, MemArg,
    MemoryType, Module, RawSection,
};
use wasmparser::{Encoding, FunctionBody, Operator, Parser, Payload};

/// The custom section that says that a component has its polls.
pub const SECTION: &str = "riptide-polls";

const PAGE_BYTES: u64 = 65536;

/// The component with polls, and a page for them.
///
/// # Errors
/// A sentence where the component can't be read, has polls already, or has code without one memory of its own.
pub fn with_polls(component: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Component::new();
    // What is nested in a section comes along with it.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| error.to_string())?;
        if depth == 0 {
            match &payload {
                Payload::Version {
                    encoding: Encoding::Module,
                    ..
                } => return Err("it is a core module".into()),
                Payload::CustomSection(section) if section.name() == SECTION => {
                    return Err("it has polls already".into());
                }
                Payload::ModuleSection {
                    unchecked_range, ..
                } => {
                    let module = polled_module(slice(component, unchecked_range))?;
                    out.section(&RawSection {
                        id: ComponentSectionId::CoreModule.into(),
                        data: &module,
                    });
                }
                other => {
                    if let Some((id, range)) = other.as_section() {
                        out.section(&RawSection {
                            id,
                            data: slice(component, &range),
                        });
                    }
                }
            }
        }
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if depth > 0 => depth -= 1,
            _ => {}
        }
    }
    out.section(&CustomSection {
        name: SECTION.into(),
        data: (&[1]).into(),
    });
    Ok(out.finish())
}

fn slice<'a>(component: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    &component[range.start as usize..range.end as usize]
}

fn polled_module(module: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Module::new();
    Polls::default()
        .parse_core_module(&mut out, Parser::new(0), module)
        .map_err(|error| error.to_string())?;
    Ok(out.finish())
}

/// Copies a core module, and adds what this is about.
#[derive(Default)]
struct Polls {
    /// Where the page is: known from the section of memories on, which comes before the code.
    page_at: Option<u64>,
}

type Copied<T> = Result<T, reencode::Error<NoMemory>>;

#[derive(Debug)]
struct NoMemory;

impl fmt::Display for NoMemory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(
            "a core module with code needs one memory of its own, with 32 bits and pages of 64 KiB",
        )
    }
}

impl std::error::Error for NoMemory {}

impl Polls {
    fn poll(&self, code: &mut Function) -> Copied<()> {
        let offset = self.page_at.ok_or(reencode::Error::UserError(NoMemory))?;
        code.instruction(&Instruction::I32Const(0));
        code.instruction(&Instruction::I32AtomicLoad8U(MemArg {
            offset,
            align: 0,
            memory_index: 0,
        }));
        code.instruction(&Instruction::Drop);
        Ok(())
    }
}

impl Reencode for Polls {
    type Error = NoMemory;

    fn memory_type(&mut self, memory: wasmparser::MemoryType) -> Copied<MemoryType> {
        if self.page_at.is_some() || memory.memory64 || memory.page_size_log2.is_some() {
            return Err(reencode::Error::UserError(NoMemory));
        }
        self.page_at = Some(memory.initial * PAGE_BYTES);
        let mut wider = reencode::utils::memory_type(self, memory);
        wider.minimum += 1;
        Ok(wider)
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Copied<()> {
        let mut polled = self.new_function_with_parsed_locals(&body)?;
        if calls(&body)? {
            self.poll(&mut polled)?;
        }
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let instruction = self.parse_instruction(&mut operators)?;
            polled.instruction(&instruction);
            if matches!(instruction, Instruction::Loop(_)) {
                self.poll(&mut polled)?;
            }
        }
        code.function(&polled);
        Ok(())
    }
}

fn calls(body: &FunctionBody) -> Copied<bool> {
    for operator in body.get_operators_reader()? {
        if matches!(
            operator?,
            Operator::Call { .. }
                | Operator::CallIndirect { .. }
                | Operator::CallRef { .. }
                | Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. }
        ) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{BlockType, FunctionSection, MemorySection, ModuleSection, TypeSection};

    use super::*;

    const MEMORY: MemoryType = MemoryType {
        minimum: 3,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };

    /// A component of one module, whose functions of no parameters have these bodies.
    fn component(memory: Option<MemoryType>, bodies: &[&[Instruction]]) -> Vec<u8> {
        let (mut types, mut functions, mut memories, mut code) = (
            TypeSection::new(),
            FunctionSection::new(),
            MemorySection::new(),
            CodeSection::new(),
        );
        types.ty().function([], []);
        for body in bodies {
            functions.function(0);
            let mut function = Function::new([]);
            for instruction in *body {
                function.instruction(instruction);
            }
            code.function(&function);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions);
        if let Some(memory) = memory {
            memories.memory(memory);
            module.section(&memories);
        }
        module.section(&code);
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.finish()
    }

    /// The pages that the memory begins with, and the operators of each function in short.
    fn reading(component: &[u8]) -> (u64, Vec<String>) {
        let (mut pages, mut bodies) = (0, vec![]);
        for payload in Parser::new(0).parse_all(component) {
            match payload.unwrap() {
                Payload::MemorySection(memories) => {
                    pages = memories.into_iter().next().unwrap().unwrap().initial
                }
                Payload::CodeSectionEntry(body) => bodies.push(
                    body.get_operators_reader()
                        .unwrap()
                        .into_iter()
                        .map(|operator| match operator.unwrap() {
                            Operator::I32AtomicLoad8U { memarg } => {
                                format!("look at {}", memarg.offset)
                            }
                            Operator::Loop { .. } => "loop".into(),
                            Operator::Br { .. } => "again".into(),
                            Operator::Call { function_index } => format!("call {function_index}"),
                            Operator::I32Const { value } => value.to_string(),
                            Operator::Drop => "drop".into(),
                            Operator::Nop => "nop".into(),
                            Operator::End => "end".into(),
                            other => panic!("{other:?}"),
                        })
                        .collect::<Vec<_>>()
                        .join(" "),
                ),
                _ => {}
            }
        }
        (pages, bodies)
    }

    #[test]
    fn loops_and_functions_that_call_look_at_a_page_of_their_own() {
        use Instruction::{Br, Call, End, Loop, Nop};
        let nested: &[Instruction] = &[
            Loop(BlockType::Empty),
            Nop,
            Loop(BlockType::Empty),
            Br(1),
            End,
            End,
            End,
        ];
        let polled = with_polls(&component(
            Some(MEMORY),
            &[nested, &[Call(0), End], &[Nop, End]],
        ))
        .unwrap();
        wasmparser::Validator::new().validate_all(&polled).unwrap();
        let poll = "0 look at 196608 drop";
        assert_eq!(
            reading(&polled),
            (
                4,
                vec![
                    format!("loop {poll} nop loop {poll} again end end end"),
                    format!("{poll} call 0 end"),
                    "nop end".into()
                ]
            )
        );
    }

    #[test]
    fn what_has_polls_is_refused() {
        let polled = with_polls(&component(Some(MEMORY), &[&[Instruction::End]])).unwrap();
        assert_eq!(with_polls(&polled).unwrap_err(), "it has polls already");
    }

    #[test]
    fn a_loop_without_a_memory_is_refused() {
        let body = [
            Instruction::Loop(BlockType::Empty),
            Instruction::End,
            Instruction::End,
        ];
        assert_eq!(
            with_polls(&component(None, &[&body])).unwrap_err(),
            reencode::Error::UserError(NoMemory).to_string()
        );
    }

    #[test]
    fn what_is_no_component_is_refused() {
        assert_eq!(
            with_polls(&Module::new().finish()).unwrap_err(),
            "it is a core module"
        );
        assert!(with_polls(b"<!doctype html>").is_err());
    }
}
