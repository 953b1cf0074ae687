//! Scratch.
#![allow(clippy::print_stdout, missing_docs)]
use brisk_core::engine::*; use brisk_core::Dialect; use brisk_tests::*; use brisk_core::host::*;
fn main(){ let out=Capture::default(); let mut m=Machine::new(MachineOptions{output:Box::new(out.clone()),..core::default::Default::default()});
 m.register(&Signature::new("import").param("libname"), |c| { let variable=c.text_arg(0)?; Err(NativeError::Import{source:"twice = function(x)\n\treturn x * factor\nend function\nfactor = 2".into(),name:"u.ms".into(),variable}) }).unwrap();
 let p=Program::compile("import \"util\"\nprint globals\nprint util\nprint util.factor\nprint util.twice(4)",Dialect::V1).unwrap(); println!("{}",p.disassemble());
 m.load(&p).unwrap(); println!("{:?}",m.run(Budget::UNLIMITED)); println!("{}",out.take());
 let o=brisk_core::compile::CompileOptions{module:true,..core::default::Default::default()};
 let p=Program::compile_with("twice = function(x)\n\treturn x * factor\nend function\nfactor = 2",Dialect::V1,&o).unwrap(); println!("{}",p.disassemble());
 }
