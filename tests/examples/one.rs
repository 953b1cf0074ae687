//! Scratch: runs a file.
#![allow(clippy::print_stdout, missing_docs)]
use brisk_core::engine::*; use brisk_core::Dialect; use brisk_tests::*;
fn main(){ let a:Vec<String>=std::env::args().collect(); let s=std::fs::read_to_string(&a[1]).unwrap(); let stack:usize=a.get(2).map_or(16<<20,|x|x.parse().unwrap());
 let fuel=a.get(3).and_then(|x|x.parse().ok()); let secs=a.get(4).and_then(|x|x.parse().ok()); let stress=a.get(5).is_some();
 on_thread(stack, move||{ let t=std::time::Instant::now(); let p=Program::compile(&s,Dialect::V1); let c=t.elapsed(); eprintln!("compile {c:?}");
  match p { Err(e)=>println!("{e}"), Ok(p)=>{ let out=Capture::default(); let mut m=Machine::new(MachineOptions{output:Box::new(out.clone()),clock:Box::new(std::time::Instant::now()),..Default::default()}); if stress {m.stress_collector();}
   if std::env::var("DIS").is_ok() { println!("{}", p.disassemble()); }
   m.load(&p).unwrap(); let o=m.run(Budget{fuel,seconds:secs}); print!("{}",out.take()); println!("{o:?} {:?} {:?}",t.elapsed(),m.stats()); } } }); }
