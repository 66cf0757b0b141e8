import { createRoot } from "react-dom/client";
import { Basket } from "./basket";
import "./style.css";

const place = document.body.appendChild(document.createElement("main"));
createRoot(place).render(<Basket prices={{ apple: 3, pear: 4 }} />);
